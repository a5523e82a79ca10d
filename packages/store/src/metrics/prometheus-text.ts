/** What a target says of the kind of a metric. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'

export type TextHandlers = {
  readonly onType: (name: string, type: MetricType) => void
  /** `key` is the name with its labels, as they stand there: the same series has the same key each time. */
  readonly onSample: (key: string, value: number) => void
}

const types: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/**
 * Reads Prometheus' text format, strictly: a line that is not of it throws, so that half an answer is never
 * taken for a whole one. What a key means is left to {@link parseKey}, which is needed once for each series.
 * Timestamps that a target gives are not taken: the store knows when it asked.
 */
export function readText(text: string, { onType, onSample }: TextHandlers): void {
  let from = 0
  let number = 0
  while (from < text.length) {
    number += 1
    const newline = text.indexOf('\n', from)
    // An answer that was cut ends in the middle of a number, which would be believed.
    if (newline < 0) throw new SyntaxError(`line ${number} has no end`)
    const first = text.charCodeAt(from)
    if (first === 35) readComment(text.slice(from, newline), onType)
    else if (newline > from) readSample(text, from, newline, number, onSample)
    from = newline + 1
  }
}

function readComment(line: string, onType: TextHandlers['onType']): void {
  if (!line.startsWith('# TYPE ')) return
  const [name, type] = line
    .slice(7)
    .trim()
    .split(/[ \t]+/)
  if (name !== undefined && type !== undefined && types.has(type)) onType(name, type as MetricType)
}

function readSample(
  text: string,
  from: number,
  to: number,
  number: number,
  onSample: TextHandlers['onSample'],
): void {
  const brace = text.lastIndexOf('}', to)
  const end = brace > from ? brace + 1 : text.indexOf(' ', from)
  if (end <= from || end >= to || text.charCodeAt(end) !== 32)
    throw new SyntaxError(
      `line ${number} is no sample: ${text.slice(from, Math.min(to, from + 80))}`,
    )
  const space = text.indexOf(' ', end + 1)
  const word = text.slice(end + 1, space > 0 && space < to ? space : to)
  const value = numberOf(word)
  if (value === null) throw new SyntaxError(`line ${number} has no number: ${word.slice(0, 40)}`)
  onSample(text.slice(from, end), value)
}

function numberOf(word: string): number | null {
  const value = word === '' ? Number.NaN : Number(word)
  if (!Number.isNaN(value)) return value
  if (word === '+Inf' || word === 'Inf') return Number.POSITIVE_INFINITY
  if (word === '-Inf') return Number.NEGATIVE_INFINITY
  return word === 'NaN' ? Number.NaN : null
}

const keyPattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*(?:\{(.*)\})?$/s
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(,|$)/sy

/**
 * The name and the labels of a series.
 *
 * @example
 * parseKey('up{node="web-1"}') // { name: 'up', labels: { node: 'web-1' } }
 */
export function parseKey(key: string): { name: string; labels: Record<string, string> } {
  const [, name, inside = ''] = keyPattern.exec(key) ?? []
  if (name === undefined) throw new SyntaxError(`no series: ${key.slice(0, 80)}`)
  const labels: Record<string, string> = {}
  for (let at = 0; at < inside.length; ) {
    labelPattern.lastIndex = at
    const found = labelPattern.exec(inside)
    if (found === null) throw new SyntaxError(`no label: ${inside.slice(at, at + 80)}`)
    labels[found[1] as string] = unescapeLabel(found[2] as string)
    at = labelPattern.lastIndex
  }
  return { name, labels }
}

function unescapeLabel(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    : text
}
