import assert from 'node:assert/strict'
import { BanyanError } from 'banyan'

type Fault = BanyanError & { readonly cause: unknown }

/** The error of a wrong key, which names its key and its table. */
export async function trespasses(
  work: Promise<unknown>,
  key: string,
  table: string,
): Promise<Fault> {
  const fault = await work.then(
    () => assert.fail('it was let through'),
    (error: unknown) => error,
  )
  assert.ok(BanyanError.is(fault), String(fault))
  assert.equal(fault.code, 'BANYAN_WRONG_KEY', fault.message)
  assert.equal(fault.details.key, key)
  assert.deepEqual(fault.details.tables, [table])
  assert.ok(fault.message.includes(JSON.stringify(key)), fault.message)
  assert.match(fault.hint ?? '', new RegExp(`${table}\\.`))
  return fault as Fault
}
