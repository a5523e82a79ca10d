// A new release gets a first share of the requests, and is judged by what it makes of them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ClimbReport } from '@banyan/control/api'
import { startLoad } from '@banyan/testing'
import { type ClimbSystem, startClimbSystem } from './support/climbs.ts'

const repository = new URL('../../', import.meta.url).pathname

const web = `import { serve } from 'banyan'
import { mood } from './mood.ts'

let answered = 0
await serve((_request: unknown, response: import('node:http').ServerResponse) => {
  const failing = Math.random() < mood.failing
  if (failing) console.log('the oven is cold')
  response.statusCode = failing ? 500 : 200
  setTimeout(() => response.end(mood.name), mood.slowerMs)
  answered += 1
  if (answered === mood.crashAfter) {
    console.log('out of flour')
    process.exit(7)
  }
})
`

type Mood = {
  readonly name: string
  readonly failing: number
  readonly slowerMs: number
  readonly crashAfter: number
}

/** Every case on every rung takes four minutes; without the variable it is the two that differ most. */
const isWhole = process.env.BANYAN_TRIAL_ROUNDS !== undefined

const well = { failing: 0, slowerMs: 0, crashAfter: -1 }

async function makeApp() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-trial-')))
  const write = async (name: string, text: string) => await writeFile(join(folder, name), text)
  const manifest = { name: 'tried', version: '1.0.0', type: 'module' }
  const packages = { '': { name: 'tried', version: '1.0.0' } }
  await write('package.json', JSON.stringify(manifest))
  await write(
    'package-lock.json',
    JSON.stringify({ ...manifest, type: undefined, lockfileVersion: 3, packages }),
  )
  await write(
    'banyan.config.ts',
    `export default { name: 'tried', services: { web: { run: 'node web.ts', routes: ['/'], stopTimeoutMs: 8_000 } } }\n`,
  )
  await write('web.ts', web)
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const become = async (mood: Partial<Mood> & { name: string }) =>
    await write('mood.ts', `export const mood = ${JSON.stringify({ ...well, ...mood })}\n`)
  await become({ name: 'first' })
  return {
    config: join(folder, 'banyan.config.ts'),
    become,
    remove: async () => await rm(folder, { recursive: true, force: true }),
  }
}

/** Visitors who keep their connections for as long as they may, and take turns. */
function visit(port: number, rate: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 50, scheduling: 'fifo' })
  const send = () =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, agent }, (answer) => {
        let body = ''
        answer.on('data', (piece) => {
          body += piece
        })
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(body)
          else reject(new Error(`${answer.statusCode} of ${body}`))
        })
        answer.on('error', reject)
      })
      asked.on('error', reject)
      asked.end()
    })
  const load = startLoad({ rate, send })
  return {
    stop: async () => {
      const report = await load.stop()
      agent.destroy()
      return report
    },
  }
}

type Judged = {
  readonly t: TestContext
  readonly system: ClimbSystem
  readonly release: () => Promise<ClimbReport>
}

/** Releases under load, and says who answered what meanwhile. */
async function releaseUnderLoad({ t, system, release }: Judged, rate = 300) {
  const visitors = visit(system.port, rate)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const began = performance.now()
  const report = await release()
  const tookMs = performance.now() - began
  const { acknowledged, failed } = await visitors.stop()
  const by = new Map<string, number>()
  for (const { value } of acknowledged) by.set(value, (by.get(value) ?? 0) + 1)
  const errors = failed.map(({ error }) => (error as Error).message)
  const shares = [...by].map(([name, count]) => `${name} ${count}`).join(', ')
  t.diagnostic(`${report.outcome} in ${Math.round(tookMs)} ms; ${shares}; ${errors.length} failed`)
  if (report.reason != null) t.diagnostic(report.reason.message.split('\n')[0] ?? '')
  return { report, by, errors }
}

function assertWorse(report: ClimbReport, message: RegExp): void {
  assert.equal(report.outcome, 'undone', JSON.stringify(report))
  assert.equal(report.reason?.code, 'BANYAN_RELEASE_WORSE', JSON.stringify(report.reason))
  assert.match(report.reason.message, message)
}

const places = [
  { rungs: 'balanced', balancer: 'gateway' },
  { rungs: 'balanced', balancer: 'haproxy' },
  { rungs: 'single', balancer: 'none' },
]

for (const { rungs, balancer } of places) {
  const isMissing = balancer === 'haproxy' && !existsSync('/usr/sbin/haproxy')
  const options = { skip: isMissing && 'HAProxy is not installed' }
  test(
    `on ${rungs} (${balancer}) a first share of the requests tells a good release from bad ones`,
    options,
    async (t) => {
      const app = await makeApp()
      const words = rungs === 'single' ? [] : ['--balancer', balancer]
      const system = await startClimbSystem({ config: app.config, rungs, words })
      const judged: Judged = { t, system, release: async () => await system.json('release') }
      const slow = {
        skip: !isWhole && rungs === 'balanced' ? 'it takes BANYAN_TRIAL_ROUNDS' : false,
      }
      const good = { skip: !isWhole && rungs === 'single' ? 'it takes BANYAN_TRIAL_ROUNDS' : false }
      const onlyWhole = { skip: isWhole ? false : 'it takes BANYAN_TRIAL_ROUNDS' }
      try {
        await t.test('one that fails 5% is undone, with the figures of both', async (t) => {
          await app.become({ name: 'failing', failing: 0.05 })
          const { report, errors } = await releaseUnderLoad({ ...judged, t })
          assertWorse(
            report,
            /^web-1-stand-in failed \d+ of [\d,]+ requests \((\d\.\d|\d\d)%\), the release before 0 of [\d,]+\. Its last lines:/,
          )
          assert.deepEqual([...new Set(errors)], ['500 of failing'])
          // Usually 15 to 40, more where control gets no processor; to the end of the time there would be 1,800.
          assert.ok(errors.length < 600, `${errors.length} failed`)
        })

        await t.test(
          'one that is slow by 300 ms is undone, and no request fails',
          slow,
          async (t) => {
            await app.become({ name: 'slow', slowerMs: 300 })
            const { report, errors } = await releaseUnderLoad({ ...judged, t })
            assertWorse(
              report,
              /^web-1-stand-in took longer than \d+ ms for [\d,]+ of [\d,]+ requests/,
            )
            assert.deepEqual(errors, [])
          },
        )

        await t.test(
          'one that crashes in the trial is undone, and says how',
          onlyWhole,
          async (t) => {
            await app.become({ name: 'crashing', crashAfter: 60 })
            const { report } = await releaseUnderLoad({ ...judged, t })
            assertWorse(report, /^web-1-stand-in crashed \(code 7\) after it had answered/)
            assert.match(report.reason?.message ?? '', /out of flour/)
          },
        )

        await t.test(
          'one as good as the one before goes live, and no request fails',
          good,
          async (t) => {
            await app.become({ name: 'good' })
            const { report, errors, by } = await releaseUnderLoad({ ...judged, t })
            assert.equal(report.outcome, 'done', JSON.stringify(report))
            assert.deepEqual(errors, [])
            assert.ok((by.get('good') ?? 0) > 300)
          },
        )

        await t.test('one that is cold on a busy machine goes live', onlyWhole, async (t) => {
          await app.become({ name: 'cold' })
          const busy = Array.from({ length: availableParallelism() }, () =>
            spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
          )
          try {
            const { report } = await releaseUnderLoad({ ...judged, t })
            assert.equal(report.outcome, 'done', JSON.stringify(report))
          } finally {
            for (const one of busy) one.kill('SIGKILL')
          }
        })

        await t.test(
          'with hardly any requests a release goes live all the same',
          onlyWhole,
          async (t) => {
            await app.become({ name: 'lonely' })
            const { report, errors } = await releaseUnderLoad({ ...judged, t }, 2)
            assert.equal(report.outcome, 'done', JSON.stringify(report))
            assert.deepEqual(errors, [])
          },
        )
      } finally {
        await system.remove()
        await app.remove()
      }
    },
  )
}
