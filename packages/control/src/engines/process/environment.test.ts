import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import type { Service } from '@banyan/model'
import { resolveCommand, wholeEnvironment } from './environment.ts'

const service: Service = {
  name: 'web',
  run: ['node', 'web.ts'],
  build: null,
  routes: ['/'],
  health: null,
  env: { COLOUR: 'red' },
  startTimeoutMs: 1,
  stopTimeoutMs: 1,
}
const web = {
  service,
  node: 'web-1',
  root: '/srv/app',
  cache: '/srv/app/.banyan/cache',
  listen: { host: '127.0.0.1', port: 8080 },
  databaseUrl: 'postgres://x',
}

test('a service gets its own variables, its port, its database and who it is', () => {
  const environment = wholeEnvironment(web, { HOME: '/root', COLOUR: 'blue', PORT: '1' })
  assert.equal(environment.HOME, '/root')
  assert.equal(environment.COLOUR, 'red')
  assert.deepEqual([environment.HOST, environment.PORT], ['127.0.0.1', '8080'])
  assert.equal(environment.DATABASE_URL, 'postgres://x')
  assert.deepEqual([environment.BANYAN_NODE, environment.BANYAN_SERVICE], ['web-1', 'web'])
})

test('a worker gets no port, not even an inherited one', () => {
  const environment = wholeEnvironment({ ...web, listen: null }, { PORT: '1', HOST: 'x' })
  assert.deepEqual([environment.PORT, environment.HOST], [undefined, undefined])
})

test('nothing of another system or of a passed socket is inherited', () => {
  const inherited = { BANYAN_SYSTEM: '/other', LISTEN_FDS: '1', LISTEN_PID: '1' }
  const environment = wholeEnvironment(web, inherited)
  assert.deepEqual(
    Object.keys(inherited).filter((name) => name in environment),
    [],
  )
})

test('our Node comes first in PATH, then the programs of the app and of the folders above', () => {
  const { PATH = '' } = wholeEnvironment(web, { PATH: '/usr/bin' })
  assert.deepEqual(PATH.split(':'), [
    dirname(process.execPath),
    '/srv/app/node_modules/.bin',
    '/srv/node_modules/.bin',
    '/node_modules/.bin',
    '/usr/bin',
  ])
})

test('node is the Node that runs control; other programs are looked up', () => {
  assert.deepEqual(resolveCommand(['node', 'web.ts']), [process.execPath, 'web.ts'])
  assert.deepEqual(resolveCommand(['tsx', 'web.ts']), ['tsx', 'web.ts'])
})
