import { BanyanError } from '@banyan/model'
import type { Scenario, Turn } from '../scenario.ts'
import { moveMoney, openAccounts, readBalances } from './built-in/bank.ts'
import { transactAt } from './built-in/lists.ts'
import { ProveProtocol } from './built-in/protocol.ts'
import { readRegister, writeRegister } from './built-in/registers.ts'
import { addElement, readElements } from './built-in/sets.ts'

/** The only version that this scenario speaks. */
const protocolKnown = 1

/**
 * The load of a system whose app says nothing of itself: registers, sets, accounts and transactions over
 * lists, through `/-/prove`, which `serve` offers to whoever has the token. What it made it deletes again.
 */
export function builtInScenario(token: string): Scenario<ProveProtocol> {
  const serializable = transactAt('serializable', 'serializable')
  const snapshot = transactAt('repeatable read', 'snapshot-isolation')
  return {
    name: 'built-in',
    setUp: async (turn) => {
      const protocol = new ProveProtocol(token)
      await checkOffered(turn, protocol)
      await openAccounts(turn, protocol)
      return protocol
    },
    actions: [
      { name: 'read a register', kind: 'read', weight: 22, run: readRegister },
      { name: 'write a register', kind: 'write', weight: 10, run: writeRegister },
      { name: 'read a set', kind: 'read', weight: 14, run: readElements },
      { name: 'add to a set', kind: 'write', weight: 10, run: addElement },
      { name: 'look at all accounts', kind: 'read', weight: 12, run: readBalances },
      { name: 'move money', kind: 'write', weight: 12, run: moveMoney },
      { name: 'serializable lists', kind: 'write', weight: 12, run: serializable },
      { name: 'repeatable read lists', kind: 'write', weight: 8, run: snapshot },
    ],
    tidyUp: async (turn, protocol) => {
      await protocol.ask(turn, { kind: 'clear', prefix: `${turn.run}:` })
    },
  }
}

async function checkOffered(turn: Turn, { headers }: ProveProtocol): Promise<void> {
  const answer = await turn.request('GET', '/-/prove', { headers, accept: [404] })
  if (answer.status === 404) {
    throw new BanyanError(
      'BANYAN_PROVE_NOT_OFFERED',
      `${turn.url} does not offer /-/prove to us.`,
      {
        hint: 'Start the system with "banyan up --prove", or give the app a scenario of its own (proof: in the config).',
      },
    )
  }
  const { protocol } = answer.expect().json<{ protocol?: unknown }>()
  if (protocol === protocolKnown) return
  throw new BanyanError(
    'BANYAN_PROVE_NOT_OFFERED',
    `${turn.url} speaks version ${String(protocol)} of the protocol of /-/prove; this prover speaks ${protocolKnown}.`,
    { hint: 'Bring the app and the command to one version of Banyan.' },
  )
}
