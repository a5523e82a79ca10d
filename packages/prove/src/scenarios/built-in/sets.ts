import type { Turn } from '../../scenario.ts'
import { type ProveProtocol, rotatingKey } from './protocol.ts'

const sets = 6

export async function addElement(turn: Turn, protocol: ProveProtocol): Promise<void> {
  const key = rotatingKey(turn, 's', sets)
  const value = turn.uniqueNumber()
  await turn
    .set<number>(key, { read: (later) => elementsOf(later, protocol, key) })
    .add(value, () => protocol.ask(turn, { kind: 'add', key, value }))
}

export async function readElements(turn: Turn, protocol: ProveProtocol): Promise<void> {
  const key = rotatingKey(turn, 's', sets)
  await turn
    .set<number>(key, { read: (later) => elementsOf(later, protocol, key) })
    .read(() => elementsOf(turn, protocol, key))
}

async function elementsOf(turn: Turn, protocol: ProveProtocol, key: string): Promise<number[]> {
  const answer = await protocol.ask(turn, { kind: 'elements', key })
  return answer.json<{ elements: number[] }>().elements
}
