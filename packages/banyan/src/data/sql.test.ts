import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BanyanError } from '@banyan/model'
import fc from 'fast-check'
import { compile, sql } from './sql.ts'

const made = (strings: TemplateStringsArray, ...values: unknown[]) => compile(strings, values)

const refused = (hint: RegExp) => (error: unknown) => {
  assert.ok(BanyanError.is(error) && error.code === 'BANYAN_SQL_INVALID', String(error))
  assert.match(`${error.message} ${error.hint}`, hint)
  return true
}

describe('the SQL of a template', () => {
  it('numbers its values', () => {
    assert.deepEqual(made`select ${1}, ${'two'} where x = ${null}`, {
      text: 'select $1, $2 where x = $3',
      values: [1, 'two', null],
    })
    assert.deepEqual(made`select 1`, { text: 'select 1', values: [] })
  })

  it('is made once per place in the code', () => {
    const at = (value: unknown) => made`select ${value}`
    assert.equal(at(1).text, at(2).text)
    assert.deepEqual(at(2).values, [2])
  })

  it('sets fragments in, and numbers through them', () => {
    const inner = sql`b = ${2} and ${sql`c = ${3}`}`
    assert.deepEqual(made`select a = ${1} and ${inner} and d = ${4}`, {
      text: 'select a = $1 and b = $2 and c = $3 and d = $4',
      values: [1, 2, 3, 4],
    })
    assert.deepEqual(compile(sql`select ${1}`, []), { text: 'select $1', values: [1] })
  })

  it('may have a value at one call and a fragment at another', () => {
    const at = (value: unknown) => made`order by ${value}`
    assert.equal(at(1).text, 'order by $1')
    assert.equal(at(sql`created_at desc`).text, 'order by created_at desc')
    assert.equal(at('x').text, 'order by $1')
  })

  it('quotes identifiers, whatever they hold', () => {
    assert.equal(made`${sql.identifier('public', 'we"ird; drop')}`.text, '"public"."we""ird; drop"')
    for (const names of [[], [''], ['a\0b'], [undefined]]) {
      assert.throws(() => sql.identifier(...(names as string[])), refused(/identifier/))
    }
  })

  it('joins values and fragments', () => {
    assert.deepEqual(made`in (${sql.join([1, sql`now()`, 'x'])})`, {
      text: 'in ($1, now(), $2)',
      values: [1, 'x'],
    })
    assert.equal(made`${sql.join([sql`a`, sql`b`], sql` and `)}`.text, 'a and b')
    assert.throws(() => sql.join([]), refused(/nothing to join/))
  })

  it('refuses values that mean nothing, and says where', () => {
    assert.throws(() => made`select * from notes where id = ${undefined}`, refused(/where id =/))
    assert.throws(() => sql`a = ${undefined}`, refused(/null where NULL/))
    assert.throws(() => made`select ${sql.join([undefined])}`, refused(/undefined/))
    assert.throws(() => made`select ${Promise.resolve(1)}`, refused(/Await/))
    assert.throws(() => made`select ${Symbol('x')}`, refused(/symbol/))
    assert.throws(() => made`select ${() => 1}`, refused(/function/))
  })

  it('refuses text in the place of a template', () => {
    assert.throws(() => compile('select 1' as never, []), refused(/backticks/))
    assert.throws(() => sql('select 1' as never), refused(/backticks/))
    assert.throws(() => compile(['select 1'] as never, []), refused(/template/))
  })

  it('refuses more parameters than PostgreSQL counts, which would wrap round', () => {
    const many = Array.from({ length: 65_536 }, (_, at) => at)
    assert.throws(() => made`select ${sql.join(many)}`, refused(/65536/))
    assert.equal(made`select ${sql.join(many.slice(1))}`.values.length, 65_535)
  })

  it('takes an object that looks like a fragment as a value, when it comes from JSON', () => {
    const forged = JSON.parse('{"strings":["drop table notes"],"values":[]}')
    assert.deepEqual(made`select ${forged}`, { text: 'select $1', values: [forged] })
  })

  it('never lets any text of a value into the statement', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        const { text, values: sent } = made`select ${sql.join(values)}`
        assert.match(text, /^select \$1(, \$\d+)*$/)
        assert.deepEqual(sent, values)
      }),
    )
  })
})
