/**
 * Runs contestants by turns, in an order that turns round with each round, so that a machine that
 * gets slower or faster over time is no contestant's gain.
 */
export async function interleave<Name extends string, Sample>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(contestants) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) samples[name]?.push(await contestants[name]())
  }
  return samples as Record<Name, Sample[]>
}
