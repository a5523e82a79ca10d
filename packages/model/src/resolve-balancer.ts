import type { FaultList } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import { type Balance, balances } from './gateway-file.ts'
import { nearestName } from './nearest-name.ts'
import type { BalancerSettings } from './system.ts'

const keys = ['balance', 'sticky', 'slowStartMs']

/** What holds where a config says nothing. */
export const defaultBalancer: BalancerSettings = {
  balance: 'round-robin',
  sticky: false,
  slowStartMs: 0,
}

/** Reads `balancer`, or gives the defaults. */
export const readBalancer = (faults: FaultList, value: unknown): BalancerSettings => {
  if (value === undefined) return defaultBalancer
  if (!isRecord(value)) {
    faults.add('balancer', value, {
      expected: 'how requests are shared out',
      mend: "write balancer: { balance: 'least-connections' }, or leave it out",
    })
    return defaultBalancer
  }
  faults.checkKeys('balancer', value, keys)
  const fields = new FieldReader(faults, 'balancer', value)
  return {
    balance: readBalance(fields),
    sticky: readSticky(fields),
    slowStartMs: fields.integer('slowStartMs', { min: 0, max: 600_000, unit: 'milliseconds' }, 0),
  }
}

const readBalance = (fields: FieldReader): Balance => {
  const value = fields.value('balance')
  if (value === undefined) return defaultBalancer.balance
  const known = balances.find((one) => one === value)
  if (known !== undefined) return known
  const near = typeof value === 'string' ? nearestName(value, balances) : null
  fields.fault('balance', {
    expected: `one of ${balances.join(', ')}`,
    mend: near ? `did you mean ${near}?` : "write balance: 'round-robin', or leave it out",
  })
  return defaultBalancer.balance
}

const readSticky = (fields: FieldReader): boolean => {
  const value = fields.value('sticky')
  if (value === undefined || typeof value === 'boolean') return value ?? false
  fields.fault('sticky', { expected: 'true or false', mend: 'write sticky: true, or leave it out' })
  return false
}
