// Not a test.

/** Waits until something holds that has to be asked for; says what when it never does. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
