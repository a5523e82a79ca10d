import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Fields, textFault } from './fields.ts'
import { Problem } from './problem.ts'

const faultsOf = (work: () => void): unknown => {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof Problem)
    return error.errors
  }
  return null
}

it('lengths count code points: an emoji is one', () => {
  assert.equal(textFault('🌳'.repeat(5), { max: 5 }), null)
  assert.match(String(textFault('🌳'.repeat(6), { max: 5 })), /too long/)
  assert.match(String(textFault('🌳'.repeat(4), { min: 5, max: 9 })), /too short/)
})

it('all faults of all fields are told together', () => {
  const fields = new Fields({ user: { a: 1, b: '', c: 'xx', d: ['ok', 3, 4] } }, 'user')
  fields.required('a', { max: 5 })
  fields.required('b', { max: 5 })
  fields.required('c', { max: 1 })
  fields.list('d', { max: 5 }, 10)
  fields.required('e', { max: 5 })
  assert.deepEqual(
    faultsOf(() => fields.check()),
    {
      a: ['must be a string'],
      b: ["can't be blank"],
      c: ['is too long (maximum is 1 characters)'],
      d: ['must be a string'],
      e: ["can't be blank"],
    },
  )
})

it('what is absent is undefined, what is null is null only where that is allowed', () => {
  const fields = new Fields({ user: { a: null, b: '' } }, 'user')
  assert.equal(fields.nullable('a', { max: 5 }), null)
  assert.equal(fields.nullable('b', { max: 5 }), null)
  assert.equal(fields.nullable('c', { max: 5 }), undefined)
  assert.equal(fields.optional('c', { max: 5 }), undefined)
  assert.equal(
    faultsOf(() => fields.check()),
    null,
  )
  fields.optional('a', { max: 5 })
  assert.deepEqual(
    faultsOf(() => fields.check()),
    { a: ["can't be blank"] },
  )
})

it('a body without the resource is refused by the name of the resource', () => {
  for (const body of [undefined, null, 7, 'user', [], {}, { user: [] }, { user: 'x' }]) {
    assert.deepEqual(
      faultsOf(() => new Fields(body, 'user')),
      { user: ['must be an object'] },
    )
  }
})
