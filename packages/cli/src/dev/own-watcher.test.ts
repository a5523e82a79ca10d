import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownWatcher } from './own-watcher.ts'

test('a command that watches its files itself is told by its program and its words', () => {
  for (const [command, found] of [
    ['node --watch src/web.ts', 'node --watch'],
    ['node --watch-path=./src src/web.ts', 'node --watch-path=./src'],
    ['/usr/bin/node --env-file .env --watch src/web.ts', 'node --watch'],
    ['tsx watch src/web.ts', 'tsx watch'],
    ['npx nodemon web.js', 'nodemon'],
    ['next dev', 'next dev'],
    ['bun --hot web.ts', 'bun --hot'],
    ['vite', 'vite'],
  ] as const) {
    assert.equal(ownWatcher(command.split(' ')), found, command)
  }
})

test('any other command is started again by us', () => {
  for (const command of [
    'node src/watch.ts',
    'tsx src/web.ts',
    'next start',
    'node --import tsx w.ts',
  ]) {
    assert.equal(ownWatcher(command.split(' ')), null, command)
  }
})
