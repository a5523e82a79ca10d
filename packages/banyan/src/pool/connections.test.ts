import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { it } from 'node:test'
import type pg from 'pg'
import { Connections } from './connections.ts'
import type { Place } from './connections-options.ts'
import type { ClientClass } from './open-client.ts'

type Connected = (error: Error | null) => void

/** A client that is let in when the test says so. */
class SlowClient extends EventEmitter {
  static readonly knocking = new EventEmitter()
  readonly host: string

  constructor({ host = '' }: pg.ClientConfig) {
    super()
    this.host = host
  }

  connect(done: Connected): void {
    SlowClient.knocking.emit(this.host, () => done(null))
  }

  end(done?: () => void): void {
    done?.()
    this.emit('end')
  }
}

const at = (host: string): Place => ({ config: { host }, target: host, budget: null })

it('a connection to a server that was left meanwhile is not asked what the next server is', async () => {
  const examined: string[] = []
  const pool = new Connections({
    Client: SlowClient as unknown as ClientClass,
    place: at('old'),
    max: 1,
    min: 0,
    idleTimeoutMs: 0,
    usesMax: Number.POSITIVE_INFINITY,
    lifetimeMs: 0,
    allowExitOnIdle: false,
    attemptTimeoutMs: 0,
    waitTimeoutMs: 0,
    hold: { countMax: 10, timeMs: 1_000 },
    busyTimeoutMs: 0,
    observer: {},
    onConnect: null,
    verify: null,
    examine: async (client) => {
      examined.push((client as unknown as SlowClient).host)
      return true
    },
  })
  const [old, next] = [once(SlowClient.knocking, 'old'), once(SlowClient.knocking, 'next')]
  const leased = pool.lease()
  pool.moveTo(at('next'))
  for (const letIn of [...(await old), ...(await next)]) letIn()
  const lease = await leased
  assert.equal((lease.client as unknown as SlowClient).host, 'next')
  assert.deepEqual(examined, ['next'])
  pool.give(lease)
  await pool.end()
})
