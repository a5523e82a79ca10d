import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Backend, BanyanError, type GatewayFile } from '@banyan/model'
import { isOlder } from '../../doctor/environment/find-program.ts'
import { changesTo } from './changes.ts'
import { type Inspection, readRows } from './inspect.ts'
import { factEntries, hostEntries, routeEntries } from './maps.ts'
import { haproxyPlaces } from './places.ts'
import { haproxyProgram } from './program.ts'
import { servicesOf, slotCount, slotName } from './services.ts'
import { haproxyFiles, shapeOf } from './settings.ts'

const backend = (node: string, port: number, more: Partial<Backend> = {}): Backend => ({
  node,
  service: 'web',
  host: '127.0.0.1',
  port,
  health: null,
  state: 'ready',
  ...more,
})

const fileOf = (backends: readonly Backend[], more: Partial<GatewayFile> = {}): GatewayFile => ({
  format: 1,
  version: 1,
  node: 'haproxy-1',
  listen: { host: '127.0.0.1', port: 4_000 },
  token: 'a-token',
  drainTimeoutMs: 6_500,
  trustedProxies: [],
  routes: [{ host: null, prefix: '/', service: 'web' }],
  backends,
  ...more,
})

const settingsOf = (file: GatewayFile) => ({
  file,
  places: haproxyPlaces('/state/nodes/haproxy-1'),
  user: null,
  isPublic: true,
})

/** What a HAProxy says that was started with a file and heard nothing since. */
function startedWith(file: GatewayFile): Inspection {
  const slots = servicesOf(file).flatMap((service) =>
    Array.from({ length: slotCount(service) }, (_, index) => {
      const server = service.servers[index]
      return {
        service: service.name,
        name: slotName(service.name, index),
        place: server === undefined ? '127.0.0.1:1' : `${server.host}:${server.port}`,
        isOut: server === undefined || server.state === 'drain',
        weight: server?.weight ?? 100,
        webSockets: 0,
        row: new Map(),
      }
    }),
  )
  return {
    pid: 1,
    rows: [],
    slots,
    facts: factEntries(file, shapeOf(settingsOf(file))),
    routes: routeEntries(file),
    hosts: hostEntries(file),
  }
}

const change = (from: GatewayFile, to: GatewayFile) =>
  changesTo(to, shapeOf(settingsOf(to)), startedWith(from))

const commandsFor = (from: GatewayFile, to: GatewayFile): readonly string[] => {
  const changes = change(from, to)
  assert.notEqual(changes, 'reload')
  return changes === 'reload' ? [] : changes.commands
}

const one = fileOf([backend('web-1', 4_001)])

describe('what a running HAProxy is told', () => {
  it('is nothing when it holds already', () => {
    assert.deepEqual(commandsFor(one, one), [])
  })

  it('puts a new server into a free slot, and sends to it after its first good check', () => {
    const two = fileOf([...one.backends, backend('web-2', 4_002)], { version: 2 })
    const commands = commandsFor(one, two)
    assert.deepEqual(commands, [
      'add map facts.map web:2 web-2',
      'add map facts.map node:web/web-2 web:2',
      'set server web/web:2 state maint',
      'set server web/web:2 addr 127.0.0.1 port 4002',
      'set server web/web:2 weight 100',
      'set server web/web:2 state ready',
      'set server web/web:2 health down',
      'set map facts.map version 2',
    ])
  })

  it('takes a server that drains or is gone out, and tells of weights', () => {
    const draining = fileOf([backend('web-1', 4_001, { state: 'drain' })])
    assert.deepEqual(commandsFor(one, draining), ['set server web/web:1 state maint'])
    const weighed = fileOf([backend('web-1', 4_001, { weight: 11 })])
    assert.deepEqual(commandsFor(one, weighed), ['set server web/web:1 weight 11'])
    assert.deepEqual(commandsFor(one, fileOf([])), [
      'set server web/web:1 state maint',
      'del map facts.map web:1',
      'del map facts.map node:web/web-1',
    ])
  })

  it('gives a route away before it takes another one', () => {
    const { backends } = one
    const to = fileOf(backends, {
      routes: [
        { host: null, prefix: '/a/', service: 'web' },
        { host: null, prefix: '/b', service: 'web' },
      ],
    })
    assert.deepEqual(commandsFor(one, to), [
      'add map routes.map /a/ web',
      'add map routes.map /b/ web',
      'del map routes.map /',
    ])
  })

  it('asks each server at the path of its own release', () => {
    const old = backend('web-1', 4_001, { health: '/up' })
    const next = backend('web-2', 4_002, { health: '/ok;1' })
    const both = fileOf([old, next])
    assert.deepEqual(commandsFor(fileOf([old]), both).slice(2, 4), [
      'add map facts.map web:2/path /ok\\;1',
      'set server web/web:2 state maint',
    ])
    assert.deepEqual(commandsFor(both, fileOf([next])), [
      'set server web/web:1 state maint',
      'del map facts.map web:1',
      'del map facts.map node:web/web-1',
      'del map facts.map web:1/path',
    ])
    const moved = fileOf([{ ...old, health: '/fine' }])
    assert.deepEqual(commandsFor(fileOf([old]), moved), ['set map facts.map web:1/path /fine'])
  })

  it('ends the lines of a trial that nobody watches any more', () => {
    const found = startedWith(one)
    const facts = new Map([...found.facts, ['trial', 'on']])
    const changes = changesTo(one, shapeOf(settingsOf(one)), { ...found, facts })
    assert.deepEqual(changes, { commands: ['set map facts.map trial off'] })
  })

  it('is a route with all its characters, whatever they mean in a command', () => {
    const prefix = '/a;b\\c'
    const route = { host: null, prefix, service: 'web' }
    const more = fileOf(one.backends, { routes: [...one.routes, route] })
    assert.deepEqual(commandsFor(one, more), ['add map routes.map /a\\;b\\\\c/ web'])
    assert.deepEqual(commandsFor(more, one), ['del map routes.map /a\\;b\\\\c/'])
  })

  it('is a reload for a new service, another way to ask for health, and for how it works', () => {
    const api = backend('api-1', 4_003, { service: 'api' })
    assert.equal(change(one, fileOf([...one.backends, api])), 'reload')
    assert.equal(change(one, fileOf([backend('web-1', 4_001, { health: '/up' })])), 'reload')
    for (const more of [
      { sticky: true },
      { balance: 'least-connections' as const },
      { slowStartMs: 1_000 },
      { drainTimeoutMs: 9_000 },
      { trustedProxies: ['10.0.0.0/8'] },
      { routes: [{ host: 'a.example', prefix: '/', service: 'web' }] },
    ]) {
      assert.equal(change(one, fileOf(one.backends, more)), 'reload', JSON.stringify(more))
    }
  })

  it('puts a new server of a port into a free slot, and reloads for another service of the port', () => {
    const tcp = [{ port: 2525, fd: 4, service: 'web' }]
    const first = backend('web-1', 4_001, { tcp: true })
    const own = fileOf([first], { routes: [], tcp })
    const two = fileOf([first, backend('web-2', 4_002, { tcp: true })], { routes: [], tcp })
    assert.ok(commandsFor(own, two).includes('set server web/web:2 addr 127.0.0.1 port 4002'))
    const moved = [{ port: 2525, fd: 4, service: 'smtp' }]
    assert.equal(change(own, { ...own, tcp: moved }), 'reload')
    assert.equal(change(own, { ...own, tcp: [{ port: 2525, fd: 4, service: null }] }), 'reload')
  })

  it('is a reload when there are more servers than slots', () => {
    const many = Array.from({ length: 9 }, (_, at) => backend(`web-${at}`, 5_000 + at))
    assert.equal(change(one, fileOf(many)), 'reload')
    assert.notEqual(change(one, fileOf(many.slice(1))), 'reload')
  })
})

it('rows of statistics may have commas and quotes in their texts', () => {
  const [row] = readRows('# a,b,c\nx,"L4CON, ""no""",3\n')
  assert.deepEqual(
    [...(row ?? [])],
    [
      ['a', 'x'],
      ['b', 'L4CON, "no"'],
      ['c', '3'],
    ],
  )
})

it('a port has a frontend on its own descriptor, and its service speaks no HTTP', () => {
  const smtp = backend('smtp-1', 4_003, { service: 'smtp', tcp: true })
  const tcp = [
    { port: 2525, fd: 4, service: 'smtp' },
    { port: 1883, fd: 5, service: null },
  ]
  const [{ text } = { text: '' }] = haproxyFiles(
    settingsOf(fileOf([backend('web-1', 4_001), smtp], { tcp })),
  )
  const [http = '', passed = ''] = text.split('\ndefaults\n  mode tcp\n')
  assert.match(http, /^backend web$/m)
  assert.doesNotMatch(http, /smtp/)
  assert.match(passed, /frontend banyan:tcp-2525\n {2}bind fd@4\n/)
  assert.match(passed, /\n {2}default_backend smtp\n/)
  assert.match(
    passed,
    /frontend banyan:tcp-1883\n {2}bind fd@5\n {2}tcp-request connection reject\n/,
  )
  assert.match(passed, /\n {2}server smtp:1 127\.0\.0\.1:4003 weight 100\n/)
  assert.doesNotMatch(passed, /http/)
})

it('a token with quotes is one word of the configuration', () => {
  const [configuration] = haproxyFiles(settingsOf(fileOf([], { token: `a'b "c` })))
  assert.match(configuration?.text ?? '', /'Bearer a'"'"'b "c'/)
})

it('a worker that root starts leaves its group too', () => {
  const settings = { ...settingsOf(fileOf([])), user: { name: 'nobody', gid: 65_534 } }
  const [configuration] = haproxyFiles(settings)
  assert.match(configuration?.text ?? '', /^ {2}user nobody\n {2}gid 65534$/m)
})

it('a socket of a deep folder lies where its path fits', () => {
  const { runtime, master, folder } = haproxyPlaces(`/${'deep/'.repeat(40)}`)
  assert.ok(Buffer.byteLength(runtime) < 92 && Buffer.byteLength(master) < 92)
  assert.ok(!runtime.startsWith(folder))
})

it('versions are compared as numbers', () => {
  assert.equal(isOlder('2.4.22', '2.6'), true)
  assert.equal(isOlder('2.10.1', '2.6'), false)
  assert.equal(isOlder('3.0', '2.6'), false)
})

it('one that is too old is refused with its path, its version and the command that installs another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-old-'))
  try {
    const script = '#!/bin/sh\necho "HAProxy version 2.4.22-0ubuntu0.22.04.3 2023/08/14"\n'
    await writeFile(join(folder, 'haproxy'), script, { mode: 0o755 })
    const found = await haproxyProgram({ PATH: folder })
    assert.ok(found instanceof BanyanError)
    assert.equal(found.code, 'BANYAN_HAPROXY_MISSING')
    assert.match(
      found.message,
      /banyan-old-\w+\/haproxy is HAProxy 2\.4\.22, and 2\.6 is the oldest/,
    )
    assert.match(found.hint ?? '', /install haproxy/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
