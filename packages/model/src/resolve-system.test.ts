import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BanyanError } from './banyan-error.ts'
import type { Fault } from './faults.ts'
import { resolveSystem } from './resolve-system.ts'

const root = '/srv/notes'
const web = { run: 'node src/web.ts', routes: ['/'] }

/** The faults of a config, by path. */
const faultsOf = (input: unknown): Record<string, Fault> => {
  try {
    resolveSystem(input, { root })
  } catch (error) {
    assert.ok(BanyanError.is(error) && error.code === 'BANYAN_CONFIG_INVALID', String(error))
    const { faults } = error.details as { faults: readonly Fault[] }
    for (const { path } of faults)
      assert.ok(error.message.includes(path), `the message names ${path}`)
    return Object.fromEntries(faults.map((fault) => [fault.path, fault]))
  }
  return {}
}

/** The faults of one service, with the path from the service on. */
const faultsOfService = (service: unknown) =>
  faultsOf({ name: 'notes', services: { web: service } })
const faultsOfData = (data: unknown) => faultsOf({ name: 'notes', services: { web }, data })
const faultsOfTable = (table: unknown) => faultsOfData({ tables: { users: table } })

test('a config becomes a system with defaults filled in and paths made absolute', () => {
  const system = resolveSystem(
    {
      name: 'notes',
      services: { web, mail: { run: 'node src/mail.ts', env: { A: '1' }, stopTimeoutMs: 0 } },
      data: {
        migrations: './migrations',
        tables: { users: { by: 'id', unique: ['email', ['a', 'b']] }, plans: 'reference' },
      },
      assets: '../public',
    },
    { root },
  )
  const defaults = {
    build: null,
    health: null,
    env: {},
    startTimeoutMs: 30_000,
    stopTimeoutMs: 10_000,
  }
  assert.deepEqual(system, {
    name: 'notes',
    root,
    services: [
      { ...defaults, name: 'web', run: ['node', 'src/web.ts'], routes: ['/'] },
      {
        ...defaults,
        name: 'mail',
        run: ['node', 'src/mail.ts'],
        routes: [],
        env: { A: '1' },
        stopTimeoutMs: 0,
      },
    ],
    data: {
      migrations: '/srv/notes/migrations',
      tables: [
        { kind: 'sharded', name: 'users', by: 'id', unique: [['email'], ['a', 'b']] },
        { kind: 'reference', name: 'plans' },
      ],
      postgres: 'embedded',
      memoryMb: null,
      replicas: 2,
      synchronous: { quorum: 1, durability: 'required' },
      lagBytesMax: 16_777_216,
      url: null,
    },
    balancer: { balance: 'round-robin', sticky: false, slowStartMs: 0 },
    assets: '/srv/public',
    proof: null,
    telemetry: {
      enabled: true,
      traces: { share: 0.01, slowMs: 500 },
      export: null,
      business: [],
    },
  })
})

test('a system is frozen through and through', () => {
  const system = resolveSystem({ name: 'notes', services: { web } }, { root })
  assert.throws(() => Object.assign(system.services[0]?.run ?? [], { 0: 'sh' }), TypeError)
  assert.throws(() => Object.assign(system.services[0]?.env ?? {}, { A: '1' }), TypeError)
})

test('the config that was given is left as it was', () => {
  const input = { name: 'notes', services: { web: { run: 'node x.ts', routes: ['/'] } } }
  resolveSystem(input, { root })
  input.services.web.routes.push('/more')
  assert.equal(input.services.web.routes.length, 2)
})

test('every fault of a config is named at once', () => {
  const faults = faultsOf({
    name: 'My Notes',
    servises: {},
    services: {
      web: { run: 3, rotes: ['/'], env: { PORT: '80', RETRIES: 3 } },
      mail: 'node src/mail.ts',
    },
    data: { memoryMb: 5, migration: './m', tables: { users: { unique: ['email'] } } },
  })
  assert.deepEqual(Object.keys(faults).sort(), [
    'data.memoryMb',
    'data.migration',
    'data.tables.users.by',
    'name',
    'services.mail',
    'services.web.env.PORT',
    'services.web.env.RETRIES',
    'services.web.rotes',
    'services.web.run',
    'servises',
  ])
  assert.deepEqual(faults['services.web.run'], {
    path: 'services.web.run',
    found: 'the number 3',
    expected: 'a command, for example "node src/web.ts"',
    mend: "write the command as one text: run: 'node src/web.ts'",
  })
  assert.equal(faults.name?.mend, 'write "my-notes"')
  assert.equal(faults.servises?.mend, 'did you mean services?')
  assert.equal(faults['data.migration']?.mend, 'did you mean migrations?')
})

test('a single fault has its mend as the hint', () => {
  assert.throws(
    () =>
      resolveSystem(
        { name: 'notes', services: { web }, asets: './x' },
        { root, source: 'banyan.config.ts' },
      ),
    {
      message: /^banyan\.config\.ts has a fault:\n {2}asets: found the unknown key "asets"/,
      hint: 'did you mean assets?',
    },
  )
})

test('a config that is not an object is said to be none', () => {
  for (const input of [undefined, null, 3, 'notes', [], true]) {
    assert.deepEqual(Object.keys(faultsOf(input)), [''], JSON.stringify(input))
  }
})

test('names are small letters, digits and hyphens, and none that is taken', () => {
  const bad = [
    '',
    'Notes',
    'my_notes',
    '1st',
    '-a',
    'a-',
    'a--b',
    'ä',
    'a'.repeat(41),
    'postgres',
    'template1',
    3,
    null,
  ]
  for (const name of bad) {
    assert.deepEqual(
      Object.keys(faultsOf({ name, services: { web } })),
      ['name'],
      JSON.stringify(name),
    )
  }
  for (const name of ['a', 'notes', 'my-notes-2', 'a'.repeat(40)]) {
    assert.deepEqual(faultsOf({ name, services: { web } }), {}, name)
  }
  for (const name of ['db', 'primary', 'Web', 'my_web']) {
    assert.equal(
      Object.keys(faultsOf({ name: 'notes', services: { [name]: web } })).length,
      1,
      name,
    )
  }
})

test('a system without services is refused', () => {
  for (const services of [undefined, {}, [], null, 'web']) {
    assert.deepEqual(Object.keys(faultsOf({ name: 'notes', services })), ['services'])
  }
})

test('routes are prefixes that begin with a slash, each of them once', () => {
  const bad = ['api', '', '/a b', '/ä', '/a?b', '/a#b', '/:user', '/*', '/a/../b', '//a', 3, null]
  for (const route of bad) {
    assert.deepEqual(
      Object.keys(faultsOfService({ run: 'node x', routes: [route] })),
      ['services.web.routes[0]'],
      String(route),
    )
  }
  for (const routes of [
    ['/', '/api'],
    ['/api', '/'],
    ['/api', '/api/'],
    ['/api', '/api/users'],
    ['/a', '/a'],
  ]) {
    assert.deepEqual(
      Object.keys(faultsOfService({ run: 'node x', routes })),
      ['services.web.routes[1]'],
      routes.join(),
    )
  }
  assert.deepEqual(faultsOfService({ run: 'node x', routes: ['/api', '/apis', '/%C3%A4'] }), {})
  assert.deepEqual(Object.keys(faultsOfService({ run: 'node x', routes: '/' })), [
    'services.web.routes',
  ])
})

test('a route may begin with a host name, in any letters, without scheme and port', () => {
  const good = ['api.example.com/', 'API.Example.org/v1', 'localhost/', '127.0.0.1/x']
  assert.deepEqual(faultsOfService({ run: 'node x', routes: good }), {})
  const mends: Readonly<Record<string, RegExp>> = {
    'api.example.com': /"api\.example\.com\/"/,
    'api/': /"\/api\/"/,
    'https://example.com/': /without scheme and port/,
    'example.com:8080/': /without scheme and port/,
    '*.example.com/': /each host name/,
    'bücher.example/': /xn--/,
    'a..example/': /begin it with/,
    '-a.example/': /begin it with/,
    'example.com//a': /without \/\//,
  }
  for (const [route, mend] of Object.entries(mends)) {
    const faults = faultsOfService({ run: 'node x', routes: [route] })
    assert.match(faults['services.web.routes[0]']?.mend ?? 'no fault', mend, route)
  }
})

test('several services may have routes, and a route belongs to one of them', () => {
  const routed = (routes: Readonly<Record<string, readonly string[]>>) =>
    Object.keys(
      faultsOf({
        name: 'notes',
        services: Object.fromEntries(
          Object.entries(routes).map(([name, routes]) => [name, { run: 'node x.ts', routes }]),
        ),
      }),
    )
  assert.deepEqual(routed({ web: ['/'], api: ['/api', 'api.example.com/'] }), [])
  assert.deepEqual(routed({ web: ['/', 'example.com/'], api: ['api.example.com/'] }), [])
  assert.deepEqual(routed({ web: ['/'], api: ['/x', '/'] }), ['services.api.routes[1]'])
  assert.deepEqual(routed({ web: ['A.example/api'], api: ['a.example/api/'] }), [
    'services.api.routes[0]',
  ])
  // What lies inside another prefix of the same service says something only where a third is between.
  assert.deepEqual(routed({ web: ['/', '/api/public'], api: ['/api'] }), [])
  assert.deepEqual(routed({ web: ['/', '/api/public'], api: ['/apis'] }), [
    'services.web.routes[1]',
  ])
  // A route that is wrong by itself does not shift the places of the others.
  assert.deepEqual(routed({ web: ['/a', 'b', '/a'] }), [
    'services.web.routes[1]',
    'services.web.routes[2]',
  ])
})

test('the environment holds texts under names that Banyan does not set', () => {
  const env = {
    PORT: '1',
    HOST: 'x',
    DATABASE_URL: 'x',
    BANYAN_SYSTEM: 'x',
    LISTEN_FDS: '1',
    'a-b': 'x',
    '1A': 'x',
    N: 3,
    B: true,
    NUL: 'a\0b',
    OK: '',
    __proto__x: '1',
  }
  const faults = faultsOfService({ run: 'node x', env })
  const wrong = Object.keys(env).filter((name) => name !== 'OK' && name !== '__proto__x')
  assert.deepEqual(Object.values(faults).length, wrong.length)
  assert.equal(faults['services.web.env.N']?.mend, "quote it: N: '3'")
  assert.deepEqual(Object.keys(faultsOfService({ run: 'node x', env: ['A=1'] })), [
    'services.web.env',
  ])
})

test('times are whole milliseconds within bounds', () => {
  for (const startTimeoutMs of [-1, 1.5, '5s', 99, 3_600_001, null]) {
    assert.deepEqual(Object.keys(faultsOfService({ run: 'node x', startTimeoutMs })), [
      'services.web.startTimeoutMs',
    ])
  }
})

test('a list of words as a command is shown as the text that it should be', () => {
  const faults = faultsOfService({ run: ['node', 'my web.ts'] })
  assert.equal(
    faults['services.web.run']?.mend,
    'write it as one text: run: "node \\"my web.ts\\""',
  )
})

test('tables have a column that places their rows, or are reference tables', () => {
  const bad: readonly unknown[] = [
    {},
    { by: 3 },
    { by: '' },
    { by: ['a'] },
    { by: 'a.b' },
    { by: 'a b' },
    { by: 'x'.repeat(64) },
  ]
  for (const table of bad) {
    assert.deepEqual(
      Object.keys(faultsOfTable(table)),
      ['data.tables.users.by'],
      JSON.stringify(table),
    )
  }
  for (const table of ['referense', 3, null, []]) {
    assert.deepEqual(
      Object.keys(faultsOfTable(table)),
      ['data.tables.users'],
      JSON.stringify(table),
    )
  }
  assert.equal(faultsOfTable('referense')['data.tables.users']?.mend, 'did you mean reference?')
  assert.equal(
    faultsOfTable('user_id')['data.tables.users']?.mend,
    'write users: { by: "user_id" }',
  )
  assert.deepEqual(Object.keys(faultsOfData({ tables: { 'public.users': 'reference' } })), [
    'data.tables["public.users"]',
  ])
})

test('unique values are columns without the shard key, each set once', () => {
  const of = (unique: unknown) => faultsOfTable({ by: 'id', unique })
  for (const entry of ['id', ['country', 'id'], [], ['a', 'a'], 3, 'a b', ['a', null]]) {
    assert.deepEqual(
      Object.keys(of([entry])),
      ['data.tables.users.unique[0]'],
      JSON.stringify(entry),
    )
  }
  for (const unique of [
    ['a', 'a'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    ['a', ['a']],
  ]) {
    assert.deepEqual(
      Object.keys(of(unique)),
      ['data.tables.users.unique[1]'],
      JSON.stringify(unique),
    )
  }
  assert.match(of(['id'])['data.tables.users.unique[0]']?.mend ?? '', /ordinary unique index/)
  assert.equal(of('email')['data.tables.users.unique']?.mend, 'write unique: ["email"]')
})

test('folders are relative to the config, and PostgreSQL is one of the choices or a folder', () => {
  assert.deepEqual(Object.keys(faultsOfData({ migrations: '/srv/migrations' })), [
    'data.migrations',
  ])
  assert.deepEqual(Object.keys(faultsOfData({ migrations: '' })), ['data.migrations'])
  assert.equal(
    faultsOfData({ postgres: 'embeded' })['data.postgres']?.mend,
    'did you mean embedded?',
  )
  assert.deepEqual(Object.keys(faultsOfData({ postgres: 'mysql' })), ['data.postgres'])
  assert.deepEqual(faultsOfData({ postgres: '/usr/lib/postgresql/18/bin' }), {})
})

test('folders that are not there are named together with all other faults', () => {
  const files = {
    kindOf: (path: string) => (path.endsWith('file') ? ('file' as const) : ('nothing' as const)),
    expandCommand: () => ({
      words: null,
      complaint: { found: 'no package.json', expected: 'one', mend: 'write it' },
    }),
  }
  const input = {
    name: 'notes',
    services: { web },
    data: { migrations: './migrations', memoryMb: 1 },
    assets: './file',
  }
  assert.throws(
    () => resolveSystem(input, { root, files }),
    (error: BanyanError) => {
      const { faults } = error.details as { faults: readonly Fault[] }
      assert.deepEqual(
        faults.map(({ path, found }) => `${path}: ${found}`),
        [
          'services.web.run: no package.json',
          'data.migrations: nothing at /srv/notes/migrations',
          'data.memoryMb: the number 1',
          'assets: a file at /srv/notes/file',
        ],
      )
      return true
    },
  )
})

test('what JSON cannot hold is a fault with its path', () => {
  class Plan {}
  const cycle: Record<string, unknown> = {}
  cycle.again = { cycle }
  const values: Record<string, [value: unknown, found: RegExp]> = {
    function: [() => 1, /function/],
    date: [new Date(0), /a Date/],
    map: [new Map(), /a Map/],
    set: [new Set(), /a Set/],
    instance: [new Plan(), /a Plan/],
    promise: [Promise.resolve(), /a Promise/],
    symbol: [Symbol('s'), /symbol/],
    bigint: [5n, /bigint 5/],
    nan: [Number.NaN, /NaN/],
    infinity: [Number.POSITIVE_INFINITY, /Infinity/],
    regexp: [/x/, /a RegExp/],
    cycle: [cycle, /^an object$|cycle/],
  }
  for (const [name, [value, found]] of Object.entries(values)) {
    const faults = faultsOfService({ run: 'node x', health: '/', env: { A: value } })
    const paths = Object.keys(faults).filter((path) => path.startsWith('services.web.env.A'))
    assert.ok(paths.length > 0, name)
    assert.match(faults[paths[0] ?? '']?.found ?? '', found, name)
  }
  const hole = faultsOfService({ run: 'node x', routes: ['/a', undefined] })
  assert.deepEqual(Object.keys(hole), ['services.web.routes[1]'])
})

test('a property that is undefined is as if it had not been written', () => {
  assert.deepEqual(
    faultsOf({ name: 'notes', services: { web }, data: undefined, assets: undefined }),
    {},
  )
})

test('getters that throw, symbols as keys and bottomless nesting are named', () => {
  const throwing = Object.defineProperty({ run: 'node x' }, 'health', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    },
  })
  assert.match(
    faultsOfService(throwing)['services.web.health']?.found ?? '',
    /getter that throws \(no\)/,
  )
  const deep: unknown[] = []
  let inner = deep
  for (let depth = 0; depth < 100_000; depth++) {
    const next: unknown[] = []
    inner.push(next)
    inner = next
  }
  assert.match(
    JSON.stringify(faultsOf({ name: 'notes', services: { web }, data: deep })),
    /levels of nesting/,
  )
  const symbol = { run: 'node x', [Symbol('s')]: 1 }
  assert.match(JSON.stringify(faultsOfService(symbol)), /symbol as a key/)
})

test('any value at all gives a system or faults, never another error', () => {
  const mostly = fc.record(
    {
      name: fc.oneof(fc.constant('notes'), fc.anything()),
      services: fc.oneof(
        fc.dictionary(
          fc.string(),
          fc.record(
            { run: fc.anything(), routes: fc.anything(), env: fc.anything() },
            { requiredKeys: [] },
          ),
        ),
        fc.anything(),
      ),
      data: fc.oneof(
        fc.record({ tables: fc.dictionary(fc.string(), fc.anything()), memoryMb: fc.anything() }),
        fc.anything(),
      ),
    },
    { requiredKeys: [] },
  )
  const anything = fc.oneof(
    mostly,
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
    }),
  )
  fc.assert(
    fc.property(anything, (input) => void faultsOf(input)),
    { numRuns: 1500, seed: 7 },
  )
})

test('a balancer is told how it shares out requests, and what it cannot be told is named', () => {
  const of = (balancer: unknown) => faultsOf({ name: 'notes', services: { web }, balancer })
  assert.deepEqual(
    resolveSystem({ name: 'notes', services: { web }, balancer: { sticky: true } }, { root })
      .balancer,
    { balance: 'round-robin', sticky: true, slowStartMs: 0 },
  )
  assert.deepEqual(of({ balance: 'least-connections', slowStartMs: 600_000 }), {})
  assert.deepEqual(
    Object.keys(of({ balance: 'x', sticky: 1, slowStartMs: -1, weight: 3 })).sort(),
    ['balancer.balance', 'balancer.slowStartMs', 'balancer.sticky', 'balancer.weight'],
  )
  assert.equal(
    of({ balance: 'round robin' })['balancer.balance']?.mend,
    'did you mean round-robin?',
  )
  assert.deepEqual(Object.keys(of('round-robin')), ['balancer'])
})

test('copies of the database and what a commit waits for have defaults, and faults name the mend', () => {
  const of = (data: unknown) => faultsOf({ name: 'notes', services: { web }, data })
  const read = (data: object) =>
    resolveSystem({ name: 'notes', services: { web }, data }, { root }).data
  assert.deepEqual(read({ replicas: 3, synchronous: { quorum: 2 } })?.synchronous, {
    quorum: 2,
    durability: 'required',
  })
  assert.equal(read({ replicas: 1 })?.replicas, 1)
  assert.equal(read({ lagBytesMax: 1024 })?.lagBytesMax, 1024)
  const wrong = {
    replicas: 9,
    synchronous: { quorum: 0, durability: 'prefered', q: 1 },
    lagBytesMax: 5,
  }
  const faults = of(wrong)
  assert.deepEqual(Object.keys(faults).sort(), [
    'data.lagBytesMax',
    'data.replicas',
    'data.synchronous.durability',
    'data.synchronous.q',
    'data.synchronous.quorum',
  ])
  assert.equal(faults['data.synchronous.durability']?.mend, 'did you mean preferred?')
  assert.deepEqual(Object.keys(of({ synchronous: 'yes' })), ['data.synchronous'])
  const many = of({ replicas: 1, synchronous: { quorum: 2 } })['data.synchronous.quorum']
  assert.equal(many?.expected, 'at most as many as there are replicas, 1')
  assert.match(String(many?.mend), /the death of one blocks all writes/)
  const beside = of({ url: 'postgres://ann@db.example/notes', replicas: 2, synchronous: {} })
  assert.deepEqual(Object.keys(beside).sort(), ['data.replicas', 'data.synchronous'])
  assert.match(String(beside['data.replicas']?.mend), /its owner's business/)
})
