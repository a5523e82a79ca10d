/**
 * What the types of `defineSystem` accept and refuse. `tsc` is the test: a line below `@ts-expect-error`
 * that compiles is an error too. Nothing here runs.
 */
import { defineSystem } from 'banyan'

export const smallest = defineSystem({
  name: 'notes',
  services: { web: { run: 'node src/web.ts' } },
})

export const whole = defineSystem({
  name: 'notes',
  services: {
    web: {
      run: 'node src/web.ts',
      build: 'npm run build',
      routes: ['/'],
      health: '/health',
      env: { LOG_LEVEL: 'info' },
      startTimeoutMs: 5000,
      stopTimeoutMs: 5000,
    },
    mail: { run: 'node src/mail.ts' },
  },
  data: {
    migrations: './migrations',
    postgres: 'distribution',
    memoryMb: 512,
    replicas: 3,
    synchronous: { quorum: 2, durability: 'preferred' },
    lagBytesMax: 1_048_576,
    tables: {
      users: { by: 'id', unique: ['email', ['country', 'tax_number']] },
      notes: { by: 'user_id' },
      plans: 'reference',
    },
  },
  assets: './public',
  telemetry: {
    enabled: true,
    traces: { share: 0.1, slowMs: 250 },
    export: { url: 'https://otlp.example.org', headers: { authorization: 'Bearer abc' } },
    business: {
      'daily active users': { event: 'user.active', count: 'subjects', days: 1 },
      'retention after a week': { event: 'user.active', since: 'user.registered', retention: 7 },
    },
  },
})

const table = { by: 'id', unique: 'email' }
const web = { run: 'node src/web.ts' }

// @ts-expect-error a system has a name
defineSystem({ services: { web } })

// @ts-expect-error a system has services
defineSystem({ name: 'notes' })

// @ts-expect-error there is no such key of a system
defineSystem({ name: 'notes', services: { web }, servises: {} })

// @ts-expect-error a service has a command
defineSystem({ name: 'notes', services: { web: { routes: ['/'] } } })

// @ts-expect-error a command is a text
defineSystem({ name: 'notes', services: { web: { run: ['node', 'src/web.ts'] } } })

// @ts-expect-error routes are a list
defineSystem({ name: 'notes', services: { web: { run: 'node web.ts', routes: '/' } } })

// @ts-expect-error there is no such key of a service
defineSystem({ name: 'notes', services: { web: { run: 'node web.ts', port: 80 } } })

// @ts-expect-error values of the environment are texts
defineSystem({ name: 'notes', services: { web: { run: 'node web.ts', env: { RETRIES: 3 } } } })

// @ts-expect-error a time is a number of milliseconds
defineSystem({ name: 'notes', services: { web: { run: 'node web.ts', stopTimeoutMs: '5s' } } })

// @ts-expect-error there is no such key of the data tier
defineSystem({ name: 'notes', services: { web }, data: { migration: './migrations' } })

// @ts-expect-error a table has a column that places its rows
defineSystem({ name: 'notes', services: { web }, data: { tables: { users: {} } } })

// @ts-expect-error the only word for a table is 'reference'
defineSystem({ name: 'notes', services: { web }, data: { tables: { plans: 'global' } } })

// @ts-expect-error unique values are a list
defineSystem({ name: 'notes', services: { web }, data: { tables: { a: table } } })

// @ts-expect-error memory is a number of megabytes
defineSystem({ name: 'notes', services: { web }, data: { memoryMb: '1GB' } })

// @ts-expect-error a commit is held or it is not
defineSystem({ name: 'notes', services: { web }, data: { synchronous: { durability: 'maybe' } } })

// @ts-expect-error how many replicas, not which
defineSystem({ name: 'notes', services: { web }, data: { replicas: ['db-3'] } })

// @ts-expect-error there is no such key of telemetry
defineSystem({ name: 'notes', services: { web }, telemetry: { tracing: {} } })

// @ts-expect-error a share is a number
defineSystem({ name: 'notes', services: { web }, telemetry: { traces: { share: '1%' } } })

const counted = { event: 'a', count: 'users' as const, days: 1 }
// @ts-expect-error subjects or events are counted
defineSystem({ name: 'notes', services: { web }, telemetry: { business: { a: counted } } })

const endless = { event: 'a', count: 'events' as const }
// @ts-expect-error a metric says of how many days it is
defineSystem({ name: 'notes', services: { web }, telemetry: { business: { a: endless } } })
