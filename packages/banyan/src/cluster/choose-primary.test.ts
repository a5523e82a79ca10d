import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { choosePrimary, type Said } from './choose-primary.ts'

type Sketch = {
  readonly term?: number
  readonly timeline?: number
  readonly recovering?: boolean
  readonly reigns?: string
}

const said = (members: Readonly<Record<string, Sketch>>): Map<string, Said> =>
  new Map(
    Object.entries(members).map(([name, { term, timeline, recovering = false, reigns }]) => [
      name,
      {
        reigns: reigns ?? null,
        facts: {
          systemIdentifier: '1',
          inRecovery: recovering,
          term: term ?? null,
          timeline: timeline ?? null,
          walLsn: 0n,
          replayLsn: 0n,
        },
      },
    ]),
  )

const nobody: ReadonlySet<string> = new Set()

describe('who takes writes', () => {
  it('is the only one that is not in recovery', () => {
    const members = said({ a: { term: 1 }, b: { term: 1, recovering: true } })
    assert.deepEqual(choosePrimary(members, 1, null, false, nobody), { name: 'a', term: 1 })
  })

  it('is nobody while all are in recovery, or none answers', () => {
    assert.equal(
      choosePrimary(said({ b: { term: 1, recovering: true } }), 1, null, false, nobody),
      null,
    )
    assert.equal(choosePrimary(said({}), 1, null, false, nobody), null)
  })

  it('is not one that was superseded, although nobody else answers', () => {
    assert.equal(choosePrimary(said({ a: { term: 1 } }), 2, null, false, nobody), null)
  })

  it('is the one with the larger term, of two that take writes', () => {
    const members = said({ a: { term: 1 }, b: { term: 2 } })
    assert.deepEqual(choosePrimary(members, 2, null, false, nobody), { name: 'b', term: 2 })
  })

  it('is, of two that were promoted to one timeline, the one that followed while the other reigned', () => {
    const last = { name: 'a', term: 4 }
    const later = new Set(['b'])
    const b = { name: 'b', term: 4 }
    for (const a of [{ timeline: 4 }, { timeline: 4, recovering: true }, { timeline: 3 }]) {
      const both = said({ a, b: { timeline: 4 } })
      assert.deepEqual(choosePrimary(both, 4, last, true, later), b)
    }
    assert.deepEqual(choosePrimary(said({ b: { timeline: 4 } }), 4, last, true, later), b)
    const three = said({ b: { timeline: 4 }, c: { timeline: 4 } })
    assert.equal(choosePrimary(three, 4, last, true, new Set(['b', 'c'])), null)
  })

  it('is not one with the same timeline that may have been promoted first, although the other follows', () => {
    const last = { name: 'a', term: 4 }
    for (const a of [{ timeline: 4, recovering: true }, { timeline: 3 }]) {
      const members = said({ a, b: { timeline: 4 }, c: { recovering: true } })
      assert.equal(choosePrimary(members, 4, last, true, nobody), null)
    }
    const both = said({ a: { timeline: 4 }, b: { timeline: 4 } })
    assert.deepEqual(choosePrimary(both, 4, last, true, nobody), last)
  })

  it('is not one with the same term of ours, whomever it followed', () => {
    const members = said({ a: { term: 4, recovering: true }, b: { term: 4 } })
    assert.equal(choosePrimary(members, 4, { name: 'a', term: 4 }, false, new Set(['b'])), null)
  })

  it('is neither of two that have one term', () => {
    assert.equal(
      choosePrimary(said({ a: { term: 2 }, b: { term: 2 } }), 2, null, false, nobody),
      null,
    )
  })

  it('is not one that left recovery and has not written its own term yet', () => {
    const reign = { name: 'a', term: 1 }
    assert.equal(choosePrimary(said({ b: { term: 1 } }), 1, reign, false, nobody), null)
    assert.equal(choosePrimary(said({ b: { term: 2, reigns: 'a' } }), 2, null, false, nobody), null)
    const members = said({ b: { term: 2, reigns: 'b' } })
    assert.deepEqual(choosePrimary(members, 2, reign, false, nobody), { name: 'b', term: 2 })
  })

  it('is told by the timeline where somebody else promotes', () => {
    const members = said({ a: { timeline: 4 }, b: { timeline: 5 } })
    assert.deepEqual(choosePrimary(members, 5, null, true, nobody), { name: 'b', term: 5 })
    assert.equal(choosePrimary(said({ a: { timeline: 4 } }), 5, null, true, nobody), null)
  })
})
