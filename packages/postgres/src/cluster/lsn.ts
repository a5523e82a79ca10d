/**
 * A position in the WAL, in bytes from its beginning (PostgreSQL manual, "pg_lsn Type"). Only positions of
 * one term can be compared: after a failover the same number may stand for other bytes.
 */
export type Lsn = bigint

/**
 * Reads a position as PostgreSQL writes it: two hexadecimal numbers of 32 bits.
 *
 * @throws TypeError for anything else.
 * @example parseLsn('16/B374D848') // 97500059720n
 */
export function parseLsn(text: string): Lsn {
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? []
  if (high === undefined || low === undefined) {
    throw new TypeError(`${JSON.stringify(text)} is no position in the WAL.`)
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** @example formatLsn(97500059720n) // '16/B374D848' */
export function formatLsn(lsn: Lsn): string {
  const hex = (part: bigint): string => part.toString(16).toUpperCase()
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`
}
