import type { RuntimeFile, RuntimeShard } from '@banyan/model'
import { Budget } from '../pool/budget.ts'

/** One budget per server for the whole process: `data` and every `Pool` draw on the same one. */
const budgets = new Map<string, Budget>()

export function budgetOf(shard: RuntimeShard, file: RuntimeFile): Budget {
  const [member] = shard.members
  return budgetAt(member?.host ?? '', member?.port ?? 0, file.connectionsMax)
}

export function budgetAt(host: string, port: number, max: number): Budget {
  const server = `${host}:${port}`
  const known = budgets.get(server)
  if (known !== undefined && known.max === max) return known
  const budget = new Budget(max)
  budgets.set(server, budget)
  return budget
}
