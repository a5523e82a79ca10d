/**
 * So many at once, the others in the order in which they came. A browser opens few connections to one address, and
 * what waits for one of them would be counted as a server that is slow.
 *
 * @example
 * const turn = turns(4)
 * await turn(() => fetch('/x'), signal)
 */
export const turns = (most: number) => {
  const waiting: (() => void)[] = []
  let running = 0
  const next = () => {
    running -= 1
    waiting.shift()?.()
  }
  return async <Value>(act: () => Promise<Value>, signal: AbortSignal): Promise<Value> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      signal.throwIfAborted()
      return await act()
    } finally {
      next()
    }
  }
}
