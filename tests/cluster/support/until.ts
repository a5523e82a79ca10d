import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something holds, and fails with what it was after 40 s. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = 40_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited for ${timeoutMs} ms: ${what}.`)
    await sleep(10)
  }
}
