/** What the store takes in, by signal. */
export type Taken = 'samples' | 'lines' | 'spans' | 'events'

const signals: readonly Taken[] = ['samples', 'lines', 'spans', 'events']

/** What was taken in, and what could not be kept, since the store began. Given up means counted. */
export class Counts {
  readonly rows = new Map<Taken, number>(signals.map((signal) => [signal, 0]))
  readonly dropped = new Map<string, number>(signals.map((signal) => [signal, 0]))

  take(signal: Taken, count: number): void {
    this.rows.set(signal, (this.rows.get(signal) ?? 0) + count)
  }

  drop(signal: string, count: number): void {
    this.dropped.set(signal, (this.dropped.get(signal) ?? 0) + count)
  }
}
