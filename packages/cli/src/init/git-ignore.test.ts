import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ignoreState } from './git-ignore.ts'

test('the state directory is ignored by one line more, or as it is already', () => {
  assert.equal(ignoreState(null)?.text, '.banyan/\n')
  assert.equal(ignoreState('')?.text, '.banyan/\n')
  assert.equal(ignoreState('dist\n')?.text, '.banyan/\n')
  assert.equal(ignoreState('dist')?.text, '\n.banyan/\n')
  assert.equal(ignoreState('dist\r\n')?.text, '.banyan/\r\n')
  for (const text of ['.banyan', '/.banyan/\n', 'dist\r\n.banyan/\r\n'])
    assert.equal(ignoreState(text), null, text)
  assert.notEqual(ignoreState('src/.banyan\n#.banyan/\n'), null)
})
