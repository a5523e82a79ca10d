/** What the configuration says of a shard's members, as it holds now. */
export type ShardSettings = {
  /** How many replicas confirm a commit. */
  readonly quorum: number
  /** With `required` commits wait until so many can; with `preferred` they go on without, and it is said. */
  readonly durability: 'required' | 'preferred'
  /** Whether `replicated` holds. Before, in the middle of a climb, nothing is required of anybody. */
  readonly replicated: boolean
}

/** Whether commits are held while too few can confirm them. */
export const isRequired = (settings: ShardSettings): boolean =>
  settings.replicated && settings.durability === 'required'

/** Time, as the keeper of a shard sees it; virtual in the simulation. */
export type ShardClock = {
  /** Monotonic, in milliseconds. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}
