import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plantedFault, readPlanted } from './planted.ts'

const source = 'file:///banyan/packages/postgres/src/planted.ts'
const built = 'file:///app/node_modules/@banyan/postgres/dist/planted.js'
const planted = { NODE_ENV: 'test', PLANTED_FAULT_OF_BANYAN: 'ignores-lsn' }

test('a fault is planted where a test runs the source and asks for it', () => {
  assert.equal(readPlanted(source, planted), 'ignores-lsn')
  assert.equal(plantedFault, null)
})

test('published code has no fault, whatever the environment says', () => {
  assert.equal(readPlanted(built, planted), null)
})

test('nothing but a test plants a fault', () => {
  for (const NODE_ENV of ['production', 'development', undefined]) {
    assert.equal(readPlanted(source, { ...planted, NODE_ENV }), null)
  }
  assert.equal(readPlanted(source, { NODE_ENV: 'test' }), null)
})

test('a fault that does not exist is refused, with those that do', () => {
  assert.throws(
    () => readPlanted(source, { NODE_ENV: 'test', PLANTED_FAULT_OF_BANYAN: 'toString' }),
    /no fault "toString".*asynchronous-commit/,
  )
})
