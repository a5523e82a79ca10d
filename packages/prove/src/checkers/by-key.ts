/** The operations of each key, in the order in which they were invoked. */
export function byKey<T extends { key: string; invokedMs: number; index: number }>(
  operations: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const operation of operations) {
    const group = groups.get(operation.key)
    if (group) group.push(operation)
    else groups.set(operation.key, [operation])
  }
  for (const group of groups.values()) group.sort(inOrder)
  return groups
}

const inOrder = (
  a: { invokedMs: number; index: number },
  b: { invokedMs: number; index: number },
): number => a.invokedMs - b.invokedMs || a.index - b.index
