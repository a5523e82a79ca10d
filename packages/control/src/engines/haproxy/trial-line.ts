/** What HAProxy says of one request: the node, the status, how long it all took, and who ended it. */
export const trialFormat = (node: string): string => `${node} %ST %Ta %TR %Tw %ts`

/** The same of a connection that is passed on: one that was opened is an answer, and what that took is its time. */
export const passedTrialFormat = (node: string): string => `${node} 200 %Tc 0 0 %ts`

export type HaproxyLine = { readonly node: string; readonly ms: number; readonly failed: boolean }

const form = /(\S+) (-?\d+) (-?\d+) (-?\d+) (-?\d+) (\S\S)\s*$/

/**
 * Reads a line; null where it says nothing of a node: nobody was asked, a WebSocket lasts as long as it
 * likes, and a client that left before it was connected is not the server's fault. Of the time, what the
 * client took to send its request and what it waited for a server are left out.
 */
export function readHaproxyLine(line: string): HaproxyLine | null {
  const [, node, status, all, sending, waiting, ended = ''] = form.exec(line) ?? []
  if (node === undefined || node === '-' || status === '101' || /^[Cc][QC]/.test(ended)) return null
  const own = Number(all) - Math.max(0, Number(sending)) - Math.max(0, Number(waiting))
  return { node, ms: Math.max(0, own), failed: Number(status) >= 500 || /^[Ss]/.test(ended) }
}
