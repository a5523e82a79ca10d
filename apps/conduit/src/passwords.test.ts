import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseOptions } from '@node-rs/argon2'
import { Problem } from './http/problem.ts'
import { argon2Options, createPasswords, decoy } from './passwords.ts'

it('a password fits its own hash only, and never no hash', async () => {
  const passwords = createPasswords()
  const hash = await passwords.hash('correct horse')
  assert.ok(await passwords.verify('correct horse', hash))
  assert.ok(!(await passwords.verify('wrong horse', hash)))
  assert.ok(!(await passwords.verify('correct horse', null)))
})

it('hashes, also the one for unknown users, are argon2id at the parameters of OWASP', async () => {
  const own = await createPasswords().hash('any')
  for (const hash of [own, decoy]) {
    assert.ok(hash.startsWith('$argon2id$'))
    const { memoryCost, timeCost, parallelism } = parseOptions(hash)
    assert.deepEqual({ memoryCost, timeCost, parallelism }, argon2Options)
  }
})

it('an unknown user takes as long as a wrong password', async () => {
  const passwords = createPasswords()
  const hash = await passwords.hash('correct horse')
  const time = async (stored: string | null) => {
    const begun = performance.now()
    await passwords.verify('wrong', stored)
    return performance.now() - begun
  }
  const known: number[] = []
  const unknown: number[] = []
  for (let round = 0; round < 15; round++) {
    known.push(await time(hash))
    unknown.push(await time(null))
  }
  // The least of many is what the work itself takes, whatever else this machine does.
  const ratio = Math.min(...unknown) / Math.min(...known)
  assert.ok(ratio > 0.5 && ratio < 2, `${ratio}`)
})

it('who comes when too many wait is told when to come back', async () => {
  const passwords = createPasswords({ concurrency: 1, waitingMax: 2 })
  const rush = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('any')))
  const refused = rush.filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 2)
  for (const { reason } of refused) {
    assert.ok(reason instanceof Problem)
    assert.deepEqual([reason.status, reason.headers], [503, { 'retry-after': '1' }])
  }
})
