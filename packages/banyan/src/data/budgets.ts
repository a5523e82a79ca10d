import type { RuntimeShard } from '@banyan/model'
import { isWatched } from '../cluster/member-address.ts'
import { Budget } from '../pool/budget.ts'

/** One budget per server for the whole process: `data` and every `Pool` draw on the same one. */
const budgets = new Map<string, Budget>()

type Address = { readonly host: string; readonly port: number }

/**
 * What a process holds to each member beside its pools: a connection that watches the member, and one that asks
 * for its position. Both are reckoned with from the first, so that a replica that comes later finds room.
 */
const besidePools = 2

/**
 * What the pools of this process may hold to a member of a shard: all that the process may, but what it holds
 * beside them. One is always theirs, which is why control gives no process less than three where members are
 * watched.
 */
export function budgetOf(shard: RuntimeShard, { host, port }: Address, max: number): Budget {
  const server = `${host}:${port}`
  const share = isWatched(shard) ? Math.max(1, max - besidePools) : max
  const known = budgets.get(server)
  if (known !== undefined && known.max === share) return known
  const budget = new Budget(share)
  budgets.set(server, budget)
  return budget
}
