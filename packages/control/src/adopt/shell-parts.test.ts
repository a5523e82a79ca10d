import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitScript, splitSettings } from './shell-parts.ts'

test('a script is split where a shell would split it', () => {
  assert.deepEqual(splitScript('a && b | c; d || e & f'), {
    commands: ['a', 'b', 'c', 'd', 'e', 'f'],
    operators: ['&&', '|', ';', '||', '&'],
  })
  assert.deepEqual(splitScript(`a "b && c" 'd|e' f\\;g`).operators, [])
  assert.deepEqual(splitScript('a 2>&1').operators, [])
})

test('settings are read up to the command', () => {
  assert.deepEqual(splitSettings('A=1 B="x y" node a=b.js'), {
    env: { A: '1', B: 'x y' },
    command: 'node a=b.js',
  })
  assert.deepEqual(splitSettings('A=$HOME node x').env, {})
  assert.deepEqual(splitSettings('cross-env NODE_ENV=production exec node x.js'), {
    env: { NODE_ENV: 'production' },
    command: 'node x.js',
  })
  assert.deepEqual(splitSettings('env -i node x').command, 'env -i node x')
})
