import './support/measured.ts'
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { MetricAnswer, MetricQuery } from '@banyan/store/api'
import { eventually } from './support/banyan.ts'
import { type ClimbSystem, startClimbSystem } from './support/climbs.ts'
import { type SignedIn, signIn } from './support/signed-in.ts'

/*
 * Three who count the same requests: the prover that sends them, the store behind the console, and Prometheus. The
 * window begins and ends in quiet, and each has looked in both, so that it does not matter at which moment. What
 * Prometheus says of it is the difference of two counts: its `increase` takes a series that turns up in the window
 * to begin with what it showed first, which leaves out the requests of a process that nobody has asked before,
 * and they are the slowest. The store knows that what a process counts of itself began at nothing.
 */

const requests = 'banyan_entry_requests_total'
const seconds = 30
const patienceMs = 60_000

describe('what the console shows of a window', { timeout: 240_000 }, () => {
  let system: ClimbSystem
  let signedIn: SignedIn
  let prometheus = ''
  let report: { readonly sent: number; readonly requests?: number; readonly p99Ms: number }
  let from = 0
  let to = 0

  before(async () => {
    system = await startClimbSystem({ rungs: 'balanced,observed' })
    signedIn = await signIn((await system.json<{ url: string }>('console')).url)
    prometheus = (await system.node('prometheus-1')).address ?? ''
    from = await bothHaveLooked()
    await bothHaveLooked()
    report = await system.json(
      'prove',
      '--scenario',
      'GET /api/articles',
      '--rate',
      '60',
      '--seconds',
      String(seconds),
    )
    to = await bothHaveLooked()
  })
  after(async () => await system?.remove())

  it('is what Prometheus says of it, within 2%', async (context) => {
    const selector = `${requests}{banyan_answer!="probe"}`
    const shown = await ofStore({ metric: requests, fn: 'increase', by: ['banyan_answer'] })
    const other = await ofPrometheus(gainOf('sum', selector))
    context.diagnostic(`${shown} on the page, ${other} in Prometheus`)
    assert.ok(isWithin(shown, other, 0.02), `${shown} and ${other}`)
    // How long the entry waited for the processes behind it, as the chart of latencies shows it.
    const latency = 'http_client_request_duration_seconds'
    const p99 = await ofStore({ metric: latency, fn: 'quantile', q: 0.99 })
    const p99There = await ofPrometheus(
      `histogram_quantile(0.99, ${gainOf('sum by (le)', `${latency}_bucket`)})`,
    )
    context.diagnostic(`p99 ${p99} s on the page, ${p99There} s in Prometheus`)
    assert.ok(isWithin(p99, p99There, 0.02), `${p99} and ${p99There}`)
  })

  it('is what the prover has counted itself, within 1%', async (context) => {
    const shown = await ofStore({ metric: requests, fn: 'increase', by: ['banyan_answer'] })
    context.diagnostic(`${shown} on the page; the prover: ${JSON.stringify(report)}`)
    assert.ok(isWithin(shown, report.sent, 0.01), `${shown} and ${report.sent}`)
  })

  /** What a sum has gained in the window, by Prometheus' counts at its end and at its begin. */
  const gainOf = (sum: string, selector: string): string => {
    const [after, before] = [`${sum} (${selector})`, `${sum} (${selector} @ ${from / 1_000})`]
    return `${after} - (${before} or ${after} * 0)`
  }

  /** Waits until both have asked the entry once more, and gives a moment from which on they have. */
  async function bothHaveLooked(): Promise<number> {
    const since = Date.now()
    return await eventually(async () => {
      const at = Date.now()
      const looked = await ofPrometheus(`min(timestamp(${requests}))`, at)
      return looked * 1_000 > since && (await isKnownToStore(since)) ? at : null
    }, patienceMs)
  }

  async function isKnownToStore(since: number): Promise<boolean> {
    const query: MetricQuery = { metric: requests, fn: 'increase', ...spanOf(since, since + 1_000) }
    const { series } = await askStore(query)
    return series.length > 0
  }

  async function ofStore(query: Omit<MetricQuery, 'from' | 'to' | 'stepMs'>): Promise<number> {
    const { series } = await askStore({ ...query, ...spanOf(from, to) })
    return series
      .filter(({ labels }) => labels.banyan_answer !== 'probe')
      .reduce((sum, { values }) => sum + (values[0] ?? 0), 0)
  }

  async function askStore(query: MetricQuery): Promise<MetricAnswer> {
    const { origin, cookie } = signedIn
    const headers = { cookie, origin, 'content-type': 'application/json' }
    const body = JSON.stringify(query)
    const answer = await fetch(`${origin}/api/store/query`, { method: 'POST', headers, body })
    return (await answer.json()) as MetricAnswer
  }

  async function ofPrometheus(query: string, at = to): Promise<number> {
    const asked = new URLSearchParams({ query, time: String(at / 1_000) })
    const answer = await fetch(`http://${prometheus}/api/v1/query?${asked}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1])
  }
})

/** One step that reaches over all of it. */
const spanOf = (from: number, to: number) => ({ from, to, stepMs: to - from })

const isWithin = (one: number, other: number, part: number): boolean =>
  other > 0 && Math.abs(one - other) <= part * other
