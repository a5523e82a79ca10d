import type { Invocation, Outcome } from '../history/operation.ts'
import { below } from './random.ts'

/** How a simulated run goes. */
export type Clients = {
  readonly random: () => number
  readonly clients: number
  readonly operations: number
  /** How often an answer is lost, and how often an operation is refused. */
  readonly infoShare: number
  readonly failShare: number
}

/** An operation under way: when it began, when it has its effect, when it is answered, and how. */
type Flight = {
  readonly times: Omit<Invocation, 'key'>
  readonly effectMs: number
  readonly act: (times: Omit<Invocation, 'key'>) => void
}

/**
 * A correct system under concurrent clients: each operation has its effect at one moment between its
 * beginning and its answer; one whose answer is lost has it before, later, or never. `perform` is
 * called in the order of these moments and returns what is recorded. Times are whole numbers, so that
 * equal ones are frequent.
 */
export function simulateClients<T>(
  { random, clients, operations, infoShare, failShare }: Clients,
  perform: (process: number, times: Omit<Invocation, 'key'>) => T,
): T[] {
  const flights: Flight[] = []
  const recorded: { readonly index: number; readonly operation: T }[] = []
  const freeMs = Array.from({ length: clients }, () => 0)
  for (let index = 0; index < operations; index += 1) {
    const process = below(random, clients)
    const invokedMs = (freeMs[process] ?? 0) + below(random, 6)
    const completedMs = invokedMs + 1 + below(random, 12)
    freeMs[process] = completedMs + 1
    const outcome = outcomeOf(random, infoShare, failShare)
    const effectMs =
      outcome === 'info'
        ? invokedMs + random() * (random() < 0.5 ? 1_000 : 12)
        : invokedMs + random() * (completedMs - invokedMs)
    flights.push({
      times: {
        process,
        index,
        invokedMs,
        completedMs: outcome === 'info' ? null : completedMs,
        outcome,
      },
      effectMs,
      act: (times) => recorded.push({ index, operation: perform(process, times) }),
    })
  }
  flights.sort((a, b) => a.effectMs - b.effectMs)
  for (const { times, act } of flights) act(times)
  return recorded.sort((a, b) => a.index - b.index).map(({ operation }) => operation)
}

function outcomeOf(random: () => number, infoShare: number, failShare: number): Outcome {
  const draw = random()
  return draw < infoShare ? 'info' : draw < infoShare + failShare ? 'fail' : 'ok'
}
