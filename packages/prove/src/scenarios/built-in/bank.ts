import type { Bank, Turn } from '../../scenario.ts'
import { at, keyOf, type ProveProtocol } from './protocol.ts'

const accountsMax = 8
/** So little that transfers are refused now and then. */
const balance = 100
const amountMax = 20

const accountsOf = (turn: Turn): string[] =>
  Array.from({ length: accountsMax }, (_, index) => keyOf(turn, `a${index}`))

export async function openAccounts(turn: Turn, protocol: ProveProtocol): Promise<void> {
  await protocol.ask(turn, { kind: 'open', keys: accountsOf(turn), balance })
}

export async function moveMoney(turn: Turn, protocol: ProveProtocol): Promise<void> {
  const accounts = accountsOf(turn)
  const from = turn.pick(accounts)
  const to = turn.pick(accounts.filter((account) => account !== from))
  const transfer = { from, to, amount: 1 + at(turn, amountMax) }
  await bankOf(turn, protocol).transfer(transfer, async () => {
    const answer = await protocol.ask(turn, { kind: 'transfer', ...transfer })
    return answer.json<{ done: boolean }>().done
  })
}

export async function readBalances(turn: Turn, protocol: ProveProtocol): Promise<void> {
  await bankOf(turn, protocol).read(() => balancesOf(turn, protocol))
}

const bankOf = (turn: Turn, protocol: ProveProtocol): Bank =>
  turn.bank(keyOf(turn, 'bank'), {
    accounts: accountsOf(turn),
    balance,
    read: (later) => balancesOf(later, protocol),
  })

async function balancesOf(turn: Turn, protocol: ProveProtocol): Promise<Record<string, number>> {
  const keys = accountsOf(turn)
  const answer = await protocol.ask(turn, { kind: 'balances', keys })
  const { balances } = answer.json<{ balances: (number | null)[] }>()
  // An account that is gone has no money: the sum shows it.
  return Object.fromEntries(keys.map((key, index) => [key, balances[index] ?? 0]))
}
