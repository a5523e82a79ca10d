import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prometheusFiles } from '../../../packages/control/src/engines/prometheus/local.ts'
import { rulesOf, type Thresholds } from '../../../packages/control/src/engines/prometheus/rules.ts'
import {
  fileNames,
  prometheusWords,
} from '../../../packages/control/src/engines/prometheus/settings.ts'
import { onDeath } from '../../../packages/testing/src/watchdog.ts'
import { freePort } from './banyan.ts'

/** What a Prometheus answers to a question, as far as tests look at it. */
export type Answered = {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

export async function query(place: string, expr: string): Promise<readonly Answered[]> {
  const found = await ask(place, `/api/v1/query?query=${encodeURIComponent(expr)}`)
  return (found as { data: { result: readonly Answered[] } }).data.result
}

/** The names of all metrics that it has seen. */
export async function metricNames(place: string): Promise<ReadonlySet<string>> {
  const found = await ask(place, '/api/v1/label/__name__/values')
  return new Set((found as { data: readonly string[] }).data)
}

export async function ask(place: string, path: string): Promise<unknown> {
  const response = await fetch(`http://${place}${path}`, { signal: AbortSignal.timeout(2_000) })
  return await response.json()
}

/** A Prometheus with the rules of the product, whose windows and waits are shorter. */
export type FastPrometheus = {
  readonly place: string
  /** The names of the alerts that hold now. */
  firing(): Promise<readonly string[]>
  stop(): Promise<void>
}

export type FastOptions = {
  readonly alertmanager: string
  /** `targets.json` and `metrics.token` are in it. */
  readonly state: string
  readonly scale: number
  readonly thresholds: Partial<Thresholds>
}

/** Made by what makes the product's own; it reads the same targets, with the same token. */
export async function startFastPrometheus(options: FastOptions): Promise<FastPrometheus> {
  const { alertmanager, state, scale, thresholds } = options
  const folder = await mkdtemp(join(tmpdir(), 'banyan-prometheus-'))
  const settings = { alertmanager, system: 'fast', scrapeMs: 250 }
  for (const { name, text } of prometheusFiles(settings, rulesOf({ scale, thresholds }))) {
    // Its own files are beside it, and those of the system where control writes them.
    const own = text
      .replace(`"${fileNames.targets}"`, JSON.stringify(join(state, 'targets.json')))
      .replace(`"${fileNames.token}"`, JSON.stringify(join(state, 'metrics.token')))
    await writeFile(join(folder, name), own)
  }
  const place = `127.0.0.1:${await freePort()}`
  const words = prometheusWords(place, join(folder, 'data'))
  const child = spawn('prometheus', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const dog = onDeath('kill -9 "$1" 2>/dev/null', String(child.pid))
  return {
    place,
    firing: async () =>
      (await query(place, 'ALERTS{alertstate="firing"}')).map(
        ({ metric }) => metric.alertname ?? '',
      ),
    stop: async () => {
      dog.dismiss()
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
