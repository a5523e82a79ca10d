import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Said } from './choose-primary.ts'
import { sayNobody } from './say-nobody.ts'

const server = (timeline: number | null): Said => ({
  reigns: null,
  facts: {
    systemIdentifier: '1',
    inRecovery: timeline === null,
    term: timeline,
    timeline,
    walLsn: 0n,
    replayLsn: 0n,
  },
})

describe('why nobody takes writes', () => {
  it('names each member, and what superseded one that leads', () => {
    const said = new Map([
      ['pg-1', null],
      ['pg-2', server(1)],
      ['pg-3', server(null)],
    ])
    const last = { name: 'pg-3', term: 2 }
    assert.equal(
      sayNobody(said, 2, last, true),
      'pg-1 gives no answer; pg-2 has timeline 1, which timeline 2 superseded; pg-3 follows',
    )
  })

  it('names whom one that leads would be confused with', () => {
    const said = new Map([
      ['db-1', server(null)],
      ['db-2', server(4)],
    ])
    const of = (foreign: boolean) => sayNobody(said, 4, { name: 'db-1', term: 4 }, foreign)
    assert.equal(of(true), 'db-1 follows; db-2 has timeline 4, as db-1 had')
    assert.equal(of(false), 'db-1 follows; db-2 has term 4, as db-1 had')
  })
})
