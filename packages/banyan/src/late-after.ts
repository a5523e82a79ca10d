/**
 * Calls back after so many milliseconds, unless it is ended before. Where this process was held up meanwhile, what
 * has arrived is read first: timers run before sockets are read, and so an answer that came in time, and only
 * waited for us, would be counted as none.
 *
 * @param options `keepsAlive`: whether the process stays for it; default true
 * @returns ends it
 */
export function lateAfter(
  ms: number,
  late: () => void,
  { keepsAlive = true }: { readonly keepsAlive?: boolean } = {},
): () => void {
  let isOver = false
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!isOver) late()
    })
  }, ms)
  if (!keepsAlive) timer.unref()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
