import type { FactOptions, Turn } from '../../scenario.ts'
import { at, keyOf, type ProveProtocol } from './protocol.ts'

/** So few that a register is often read while it is written. */
const registers = 40

const pickRegister = (turn: Turn): string => keyOf(turn, `r${at(turn, registers)}`)

export async function writeRegister(turn: Turn, protocol: ProveProtocol): Promise<void> {
  const key = pickRegister(turn)
  const value = turn.uniqueNumber()
  await turn
    .register(key, readAgain(protocol, key))
    .write(value, () => protocol.ask(turn, { kind: 'write', key, value }))
}

export async function readRegister(turn: Turn, protocol: ProveProtocol): Promise<void> {
  const key = pickRegister(turn)
  await turn.register(key, readAgain(protocol, key)).read(() => currentValue(turn, protocol, key))
}

const readAgain = (protocol: ProveProtocol, key: string): FactOptions<number | null> => ({
  read: (turn) => currentValue(turn, protocol, key),
})

async function currentValue(
  turn: Turn,
  protocol: ProveProtocol,
  key: string,
): Promise<number | null> {
  const answer = await protocol.ask(turn, { kind: 'read', key })
  return answer.json<{ value: number | null }>().value
}
