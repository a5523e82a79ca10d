import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { TellPrimary } from './tell-primary.ts'

const promotion = { to: 'db-2', from: 'db-1', term: 2, reason: 'failover', decided: true } as const
const led = (primary: string | null) => ({ primary, promotion: null })

/** Counts how often somebody is told, and has as many of the first tries fail. */
function telling(failures: number) {
  let tries = 0
  const teller = new TellPrimary(async () => {
    tries += 1
    if (tries <= failures) throw new Error('it is just being promoted')
  })
  const see = async (...records: Parameters<TellPrimary['see']>[0][]) => {
    for (const record of records) {
      teller.see(record)
      await turn()
    }
    return tries
  }
  return see
}

test('a new primary is told once', async () => {
  const see = telling(0)
  assert.equal(await see(led('db-1'), led('db-1')), 0, 'it was told by who began with it')
  assert.equal(await see(led('db-2'), led('db-2'), led('db-2')), 1)
})

test('a new primary is told again until it has heard', async () => {
  const see = telling(3)
  assert.equal(await see(led('db-1'), led('db-2'), led('db-2'), led('db-2')), 3)
  assert.equal(await see(led('db-2'), led('db-2'), led('db-2')), 4)
})

test('one that is being promoted is told when that is over', async () => {
  const see = telling(0)
  assert.equal(await see(led('db-1'), { primary: 'db-1', promotion }), 0)
  assert.equal(await see(led('db-2')), 1)
})

test('a primary that is the primary again is told again', async () => {
  const see = telling(0)
  assert.equal(await see(led('db-1'), led('db-2'), led('db-1')), 2)
})

test('one that could not be told before the next took over is not told any more', async () => {
  const see = telling(1)
  assert.equal(await see(led('db-1'), led('db-2'), led('db-3'), led('db-3')), 2)
})

test('before there is a server nobody is told', async () => {
  assert.equal(await telling(0)(led(null), led('db-1')), 0)
})
