import type { Isolation, ListOperation, Turn } from '../../scenario.ts'
import { at, keyOf, type ProveProtocol, rotatingKey } from './protocol.ts'

type Results = (readonly number[] | null)[]
type Level = 'read committed' | 'repeatable read' | 'serializable'

const lists = 8
const operationsMax = 4

/** Transactions of a level, and what the system promises by it. */
export function transactAt(level: Level, isolation: Isolation) {
  const letter = level === 'serializable' ? 'l' : 'm'
  return async (turn: Turn, protocol: ProveProtocol): Promise<void> => {
    const operations = makeOperations(turn, letter)
    const read = async (later: Turn, list: string) =>
      (await runAt(later, protocol, level, [{ read: list }]))[0] ?? []
    await turn
      .lists(keyOf(turn, level.replace(' ', '-')), { isolation, read })
      .transaction(operations, () => runAt(turn, protocol, level, operations))
  }
}

/** Appends come in the order of their lists, so that two transactions seldom wait for each other. */
function makeOperations(turn: Turn, letter: string): ListOperation[] {
  const keys = Array.from({ length: 1 + at(turn, operationsMax) }, () =>
    rotatingKey(turn, letter, lists),
  )
  return keys
    .sort()
    .map((key) =>
      turn.random() < 0.5 ? { append: [key, turn.uniqueNumber()] as const } : { read: key },
    )
}

async function runAt(
  turn: Turn,
  protocol: ProveProtocol,
  isolation: Level,
  operations: readonly ListOperation[],
): Promise<Results> {
  const asked = { kind: 'transaction', isolation, operations } as const
  const answer = await protocol.ask(turn, asked)
  return answer.json<{ results: Results }>().results
}
