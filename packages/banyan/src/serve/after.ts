/** A promise of `'late'` that can be called off. */
export function after(ms: number): { promise: Promise<'late'>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => resolve('late'), ms)
  return { promise, cancel: () => clearTimeout(timer) }
}
