import { ByteReader, ByteWriter } from './bytes.ts'

/** Samples of several series that were read at the same times. NaN: the series was not there. */
export type Block = {
  readonly times: readonly number[]
  /** By the id of the series; as long as `times`. */
  readonly rows: ReadonlyMap<number, ArrayLike<number>>
}

/** How a row is written: most series of a minute do not move at all, or count by whole numbers. */
const constant = 0
const whole = 1
const bits = 2
const withGaps = 16
/** Differences of greater numbers would not be exact. */
const wholeMax = 2 ** 51

/** Packs a block: about one byte for a sample of a counter that moves, and nothing for one that does not. */
export function encodeBlock({ times, rows }: Block): Uint8Array {
  const writer = new ByteWriter()
  writer.byte(1)
  writer.varint(times.length)
  writeDifferences(writer, times)
  writer.varint(rows.size)
  for (const [id, values] of rows) {
    writer.varint(id)
    writeRow(writer, values, times.length)
  }
  return writer.take()
}

export function decodeBlock(bytes: Uint8Array): {
  times: number[]
  rows: Map<number, Float64Array>
} {
  const reader = new ByteReader(bytes)
  const version = reader.byte()
  if (version !== 1) throw new RangeError(`a block of samples has version ${version}`)
  const times = new Array<number>(reader.varint())
  readDifferences(reader, times)
  const rows = new Map<number, Float64Array>()
  for (let left = reader.varint(); left > 0; left -= 1) {
    rows.set(reader.varint(), readRow(reader, times.length))
  }
  return { times, rows }
}

function writeRow(writer: ByteWriter, values: ArrayLike<number>, length: number): void {
  const present: number[] = []
  for (let at = 0; at < length; at += 1) {
    const value = values[at] as number
    if (!Number.isNaN(value)) present.push(value)
  }
  const gaps = present.length === length ? 0 : withGaps
  const mode = modeOf(present)
  writer.byte(mode + gaps)
  if (gaps !== 0) writeGaps(writer, values, length)
  if (mode === constant) writer.double(present[0] ?? 0)
  else if (mode === whole) writeDifferences(writer, present)
  else writeBits(writer, present)
}

function readRow(reader: ByteReader, length: number): Float64Array {
  const mode = reader.byte()
  const gaps = mode >= withGaps ? readGaps(reader, length) : null
  const count = gaps === null ? length : gaps.reduce((sum, there) => sum + there, 0)
  const present = new Float64Array(count)
  if (mode % withGaps === constant) present.fill(reader.double())
  else if (mode % withGaps === whole) readDifferences(reader, present)
  else readBits(reader, present)
  if (gaps === null) return present
  let next = 0
  return Float64Array.from(gaps, (there) =>
    there === 1 ? (present[next++] as number) : Number.NaN,
  )
}

function modeOf(values: readonly number[]): number {
  const first = values[0]
  if (values.every((value) => value === first)) return constant
  const isWhole = (value: number) => Number.isInteger(value) && Math.abs(value) <= wholeMax
  return values.every(isWhole) ? whole : bits
}

function writeGaps(writer: ByteWriter, values: ArrayLike<number>, length: number): void {
  for (let from = 0; from < length; from += 8) {
    let byte = 0
    for (let bit = 0; bit < 8 && from + bit < length; bit += 1) {
      if (!Number.isNaN(values[from + bit])) byte |= 1 << bit
    }
    writer.byte(byte)
  }
}

function readGaps(reader: ByteReader, length: number): Uint8Array {
  const there = new Uint8Array(length)
  for (let from = 0; from < length; from += 8) {
    const byte = reader.byte()
    for (let bit = 0; bit < 8 && from + bit < length; bit += 1) {
      there[from + bit] = (byte >> bit) & 1
    }
  }
  return there
}

function writeDifferences(writer: ByteWriter, values: readonly number[]): void {
  let before = 0
  for (const value of values) {
    writer.signed(value - before)
    before = value
  }
}

function readDifferences(reader: ByteReader, into: number[] | Float64Array): void {
  let before = 0
  for (let at = 0; at < into.length; at += 1) {
    before += reader.signed()
    into[at] = before
  }
}

/** Of neighbours, sign, exponent and first digits are mostly alike: only the bytes that differ are written. */
function writeBits(writer: ByteWriter, values: readonly number[]): void {
  const number = new Float64Array(1)
  const bytes = new Uint8Array(number.buffer)
  const before = new Uint8Array(8)
  for (const value of values) {
    number[0] = value
    let first = 0
    while (first < 8 && bytes[first] === before[first]) first += 1
    let last = 7
    while (last > first && bytes[last] === before[last]) last -= 1
    const length = first === 8 ? 0 : last - first + 1
    writer.byte(first * 16 + length)
    for (let at = first; at < first + length; at += 1) writer.byte(bytes[at] as number)
    before.set(bytes)
  }
}

function readBits(reader: ByteReader, into: Float64Array): void {
  const number = new Float64Array(1)
  const bytes = new Uint8Array(number.buffer)
  for (let at = 0; at < into.length; at += 1) {
    const head = reader.byte()
    const first = head >> 4
    for (let byte = first; byte < first + (head & 15); byte += 1) bytes[byte] = reader.byte()
    into[at] = number[0] as number
  }
}
