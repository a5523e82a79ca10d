import type { RuntimeShard } from '@banyan/model'
import { isWatched } from '../cluster/member-address.ts'
import { Budget } from '../pool/budget.ts'

/** One budget per server for the whole process: `data` and every `Pool` draw on the same one. */
const budgets = new Map<string, Budget>()

type Address = { readonly host: string; readonly port: number }

/**
 * What the pools of this process may hold to a member of a shard: all that the process may, but the one
 * connection that watches the member.
 */
export function budgetOf(shard: RuntimeShard, { host, port }: Address, max: number): Budget {
  const server = `${host}:${port}`
  const share = isWatched(shard) ? Math.max(1, max - 1) : max
  const known = budgets.get(server)
  if (known !== undefined && known.max === share) return known
  const budget = new Budget(share)
  budgets.set(server, budget)
  return budget
}
