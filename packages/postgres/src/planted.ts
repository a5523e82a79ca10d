/**
 * Faults that are planted on purpose, so that it can be shown that the prover would find them. Each has one
 * hook, where the code does what must never be done.
 */
export const plantedFaults = {
  'asynchronous-commit': 'Commits are acknowledged before any replica has them.',
  'promotes-lagging': 'Of those that answer, the one that has least is promoted.',
  'equal-terms':
    'A promotion writes no larger term, and of two primaries with one term either is used.',
  'ignores-lsn': 'A strong read takes any replica, wherever its replay is.',
  'leaves-orphans': 'What the old primary left running is not ended before another is promoted.',
  'retries-commit': 'A transaction whose COMMIT got no answer is run again.',
} as const

export type PlantedFault = keyof typeof plantedFaults

/**
 * The fault that this process has to have, or null. It can be had by code that runs from its source and with
 * `NODE_ENV=test` only: published packages are JavaScript, so that no setting makes an app of somebody lose data.
 * The name does not begin with `BANYAN_`, since services inherit no such setting.
 */
export const plantedFault: PlantedFault | null = readPlanted(import.meta.url, process.env)

/** @throws TypeError for a name that is not in the list: a test that plants nothing would prove nothing. */
export function readPlanted(
  url: string,
  { NODE_ENV, PLANTED_FAULT_OF_BANYAN: name }: NodeJS.ProcessEnv,
): PlantedFault | null {
  if (name === undefined || NODE_ENV !== 'test' || !url.endsWith('.ts')) return null
  if (Object.hasOwn(plantedFaults, name)) return name as PlantedFault
  const known = Object.keys(plantedFaults).join(', ')
  throw new TypeError(`There is no fault ${JSON.stringify(name)} to plant. These are: ${known}.`)
}
