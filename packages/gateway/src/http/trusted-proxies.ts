import { BlockList, isIP } from 'node:net'

/** Whether an address belongs to a proxy whose forwarded headers are believed. */
export type IsTrusted = (address: string) => boolean

/** Reads addresses and CIDR ranges; gives back what is neither. */
export function readTrusted(list: readonly string[]): {
  isTrusted: IsTrusted
  bad: readonly string[]
} {
  const blocks = new BlockList()
  const bad = list.filter((entry) => !add(blocks, entry))
  const isTrusted: IsTrusted =
    list.length === 0
      ? () => false
      : (address) => isIP(address) !== 0 && blocks.check(address, familyOf(address))
  return { isTrusted, bad }
}

function add(blocks: BlockList, entry: string): boolean {
  const [address = '', prefix, more] = entry.split('/')
  if (isIP(address) === 0 || more !== undefined) return false
  if (prefix === undefined) {
    blocks.addAddress(address, familyOf(address))
    return true
  }
  const bits = Number(prefix)
  if (!/^\d{1,3}$/.test(prefix) || bits > (isIP(address) === 6 ? 128 : 32)) return false
  blocks.addSubnet(address, bits, familyOf(address))
  return true
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** An IPv4 client of a socket for both families has an address that begins with `::ffff:`. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice(7) : address
