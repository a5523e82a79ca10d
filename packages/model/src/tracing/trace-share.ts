/** Whether a trace is one of those that are kept anyhow. */
export type InShare = (traceId: string) => boolean

/**
 * Decides by the id of a trace, so that all processes that know the same secret decide alike without a word
 * between them. Without the secret nobody can choose an id that is kept: clients choose the ids of their traces.
 *
 * @example
 * const inShare = traceShare(0.01, token)
 * inShare('4bf92f3577b34da6a3ce929d0e0e4736') // of a hundred ids, one
 */
export function traceShare(share: number, secret: string): InShare {
  if (share <= 0) return () => false
  if (share >= 1) return () => true
  const [seed, other] = [seedOf(secret, 0x811c9dc5), seedOf(secret, 0x9747b28c)]
  const below = share * 0x1_0000_0000
  return (traceId) => {
    let hash = seed
    for (let at = 0; at < 32; at += 4) hash = mix(hash ^ fourOf(traceId, at)) + other
    return mix(hash) >>> 0 < below
  }
}

/** Four characters as one number, without a text of their own: this is asked of every request. */
const fourOf = (id: string, at: number): number =>
  id.charCodeAt(at) |
  (id.charCodeAt(at + 1) << 8) |
  (id.charCodeAt(at + 2) << 16) |
  (id.charCodeAt(at + 3) << 24)

/** FNV-1a, begun at one of two places. */
function seedOf(text: string, basis: number): number {
  let hash = basis
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return mix(hash)
}

/** The finalizer of MurmurHash3: every bit of the input changes half of those of the output. */
function mix(input: number): number {
  let hash = input | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
