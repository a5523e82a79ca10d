import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError, type KeyType } from '@banyan/model'
import { parseKey } from './key.ts'

function messageOf(value: unknown, keyType: KeyType): string {
  try {
    parseKey(value, keyType)
  } catch (error) {
    assert.ok(BanyanError.is(error) && error.code === 'BANYAN_KEY_INVALID' && error.hint)
    return error.message
  }
  return assert.fail(`${String(value)} was taken for a ${keyType}`)
}

const canonical = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'

test('every spelling of a uuid that PostgreSQL reads becomes the canonical one', () => {
  for (const spelling of [
    canonical,
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
    '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
    'a0eebc999c0b4ef8bb6d6bb9bd380a11',
    'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11',
    '{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}',
  ]) {
    assert.equal(parseKey(spelling, 'uuid'), canonical)
  }
})

test('what is not a uuid is refused and named', () => {
  assert.match(messageOf('nobody', 'uuid'), /type uuid was expected, found the text "nobody"/)
  for (const value of [
    `${canonical}0`,
    `{${canonical}`,
    `${canonical}}`,
    ` ${canonical}`,
    `${canonical}\n`,
    'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    42,
    42n,
    {},
  ]) {
    messageOf(value, 'uuid')
  }
})

test('a bigint key is a bigint, a safe integer, or canonical decimal text', () => {
  assert.equal(parseKey(42n, 'bigint'), 42n)
  assert.equal(parseKey(42, 'bigint'), 42n)
  assert.equal(parseKey('-42', 'bigint'), -42n)
  assert.equal(parseKey('0', 'bigint'), 0n)
  assert.equal(parseKey(-0, 'bigint'), 0n)
  assert.equal(parseKey('9223372036854775807', 'bigint'), 2n ** 63n - 1n)
  assert.equal(parseKey(-(2n ** 63n), 'bigint'), -(2n ** 63n))
})

test('a bigint key beyond 64 bits, or a number that is not exact, is refused', () => {
  for (const value of [
    2n ** 63n,
    -(2n ** 63n) - 1n,
    '9223372036854775808',
    '99999999999999999999',
  ]) {
    messageOf(value, 'bigint')
  }
  assert.match(messageOf(2 ** 53, 'bigint'), /found the number 9007199254740992/)
  for (const value of [1.5, Number.NaN, Infinity, -Infinity]) messageOf(value, 'bigint')
})

test('text that PostgreSQL would read as a number, but is not canonical, is no bigint key', () => {
  for (const value of ['007', '+7', ' 7', '7 ', '7\n', '-0', '', '1e3', '0x10', '1_000', '٧']) {
    messageOf(value, 'bigint')
  }
})

test('a text key is taken as it is, and a number is not made into text', () => {
  assert.equal(parseKey('Müller 🌳', 'text'), 'Müller 🌳')
  assert.match(messageOf(42, 'text'), /type text was expected, found the number 42/)
  messageOf(42n, 'text')
})

test('text that PostgreSQL cannot store, or that is far too long, is no key', () => {
  assert.match(messageOf('', 'text'), /found an empty text/)
  for (const value of ['a\0b', '\ud83c', 'a\udf33', 'x'.repeat(1025), '東'.repeat(342)]) {
    messageOf(value, 'text')
  }
  assert.equal(parseKey('東'.repeat(341), 'text'), '東'.repeat(341))
})

test('a missing key, or one of a type that no key has, is refused for every key type', () => {
  for (const keyType of ['uuid', 'bigint', 'text'] as const) {
    assert.match(messageOf(null, keyType), /found null/)
    assert.match(messageOf(undefined, keyType), /found undefined/)
    assert.match(messageOf([1], keyType), /found an array of 1/)
    assert.match(messageOf(new Date(0), keyType), /found an object \(Date\)/)
    assert.match(messageOf(Object.create(null), keyType), /found an object \(without prototype\)/)
    assert.match(messageOf(true, keyType), /found the boolean true/)
    assert.match(messageOf(Symbol('x'), keyType), /found a symbol/)
    assert.match(
      messageOf(() => 1, keyType),
      /found a function/,
    )
  }
})

test('a long value is shortened in the message', () => {
  assert.ok(messageOf('x'.repeat(5000), 'uuid').length < 200)
})
