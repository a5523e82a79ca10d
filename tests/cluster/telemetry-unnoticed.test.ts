import './support/measured.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import type { StoreHealth } from '@banyan/store/api'
import { startClimbSystem } from './support/climbs.ts'
import { type SignedIn, signIn } from './support/signed-in.ts'
import { until } from './support/until.ts'

/*
 * Whatever becomes of what looks at the app: the app does not notice. The prover is the app's clients, and all that
 * goes wrong here goes wrong while it asks.
 */

const cannotMount =
  process.platform === 'linux' && process.getuid?.() === 0
    ? false
    : 'needs root on Linux to mount a small disk'

const readersThatNeverRead = 20

it('the store dies, its disk is full, browsers do not read, and no request fails', {
  timeout: 240_000,
  skip: cannotMount,
}, async (context) => {
  const system = await startClimbSystem({ rungs: 'balanced' })
  const disk = join(system.state, 'store')
  const frozen: Socket[] = []
  let mounted = false
  try {
    const signedIn = await signIn((await system.json<{ url: string }>('console')).url)
    const health = async (): Promise<StoreHealth | null> =>
      await fetch(`${signedIn.origin}/api/store/health`, { headers: { cookie: signedIn.cookie } })
        .then((answer) => (answer.ok ? (answer.json() as Promise<StoreHealth>) : null))
        .catch(() => null)
    await until(async () => (await health()) !== null, 'the store answers', 30_000)
    const proof = system.start('prove', '--rate', '50', '--seconds', '25', '--json')
    for (let count = 0; count < readersThatNeverRead; count += 1) {
      frozen.push(askAndNeverRead(signedIn))
    }

    // From its death on the store finds a disk that has hardly any room.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755', 'tmpfs', disk])
    mounted = true
    const first = (await health())?.pid ?? 0
    process.kill(first, 'SIGKILL')
    await until(
      async () => ((await health())?.pid ?? first) !== first,
      'another store answers',
      30_000,
    )
    await until(
      async () => ((await health())?.trouble ?? null) !== null,
      'the store says what is wrong',
      60_000,
    )
    context.diagnostic(
      `the store says: ${(await health())?.trouble}; ${(await statfs(disk)).bavail} blocks are free`,
    )

    const report = JSON.parse((await proof.ended).stdout.trim().split('\n').at(-1) ?? '{}')
    context.diagnostic(`${report.ok} requests, p99 ${report.p99Ms} ms`)
    assert.deepEqual(
      [report.failed?.total, report.lost, report.doubled, report.staleReads],
      [0, 0, 0, 0],
      JSON.stringify(report.failed),
    )
    assert.ok(report.ok > 500)
    assert.match((await system.status()).sentence, /is up/)
  } finally {
    for (const socket of frozen) socket.destroy()
    // First, since a folder that something is mounted on cannot be deleted; whoever has files open keeps them.
    if (mounted) execFileSync('umount', ['-l', disk])
    await system.remove()
  }
})

/** A browser that hangs: it asks for everything that is live, and takes none of it. */
function askAndNeverRead({ host, cookie }: SignedIn): Socket {
  const [name = '', port = ''] = host.split(':')
  const socket = connect({ host: name, port: Number(port) })
  socket.on('error', () => {})
  socket.pause()
  socket.write(`GET /api/live HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookie}\r\n\r\n`)
  return socket
}
