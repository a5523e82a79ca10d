import { Budget } from '../pool/budget.ts'

/** One budget per server for the whole process: `data` and every `Pool` draw on the same one. */
const budgets = new Map<string, Budget>()

export function budgetAt(host: string, port: number, max: number): Budget {
  const server = `${host}:${port}`
  const known = budgets.get(server)
  if (known !== undefined && known.max === max) return known
  const budget = new Budget(max)
  budgets.set(server, budget)
  return budget
}
