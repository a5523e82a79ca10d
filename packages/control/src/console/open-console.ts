import { rm } from 'node:fs/promises'
import { BanyanError } from '@banyan/model'
import { planClimb } from '../api/plan-climb.ts'
import { reportOf } from '../api/report.ts'
import type { Controlled } from '../api/server.ts'
import type { Context } from '../climb/context.ts'
import { findAssets, readAssets } from './assets.ts'
import type { AuditLog } from './audit.ts'
import { DataBox, placesIn } from './data-box.ts'
import { ladderOf } from './ladder.ts'
import type { ConsoleParts, StorePlace } from './parts.ts'
import { planRequestOf } from './plan-request.ts'
import { listenForConsole } from './port.ts'
import { snapshotInProcess } from './release-now.ts'
import { type ConsoleServer, serveConsole } from './server.ts'
import { askStoreJson } from './store-proxy.ts'
import type { Flow, PlannedSteps } from './types.ts'

const flowMs = 900

/**
 * Serves the console of a system that control runs. A console that cannot be there is one sentence: the system
 * runs without it as well.
 */
export async function openConsole(
  context: Context,
  control: Controlled,
  audit: AuditLog,
): Promise<ConsoleServer | null> {
  const { consolePort, dataOnly } = context.settings
  if (consolePort === 0 || dataOnly === true) return await withoutConsole(context)
  try {
    const parts = await partsOf(context, control, audit)
    return await serveConsole(
      parts,
      async (server) => await listenForConsole(server, context.paths, consolePort),
    )
  } catch (error) {
    const sentence = `There is no console: ${reportOf(error).message}.`
    context.events.add({ type: 'progress', sentence })
    return await withoutConsole(context)
  }
}

/** Nobody is to look for it where it was before. */
async function withoutConsole({ paths }: Context): Promise<null> {
  await rm(paths.consoleFile, { force: true }).catch(() => {})
  return null
}

async function partsOf(
  context: Context,
  control: Controlled,
  audit: AuditLog,
): Promise<ConsoleParts> {
  const { system, secrets } = context
  const folder = findAssets()
  const box = new DataBox(() => context.system, placesIn(context))
  return {
    system: system.name,
    control,
    audit,
    assets: folder === null ? null : await readAssets(folder),
    secret: secrets.consoleSecret,
    metricsToken: secrets.metricsToken,
    metricsText: async () => (await context.telemetry?.metricsText()) ?? '',
    store: () => storeOf(context),
    flow: async () => await flowOf(context),
    ladder: async () => await ladderOf(context),
    plan: async (body) => await planOf(context, body),
    release: async () => await releaseNow(context, control),
    tables: async () => await box.tables(),
    query: async (body) => await box.query(body),
  }
}

/** Where the store answers now; null while it does not. */
function storeOf({ telemetry, secrets }: Context): StorePlace | null {
  if (telemetry === null || !telemetry.isStoreThere) return null
  const [host = '127.0.0.1', port = ''] = telemetry.storePlace.split(':')
  return { host, port: Number(port), token: secrets.storeToken }
}

async function flowOf(context: Context): Promise<Flow | null> {
  const place = storeOf(context)
  return place === null ? null : await askStoreJson<Flow>(place, '/live', flowMs)
}

async function planOf(
  context: Context,
  body: Readonly<Record<string, unknown>>,
): Promise<PlannedSteps> {
  const request = planRequestOf(body)
  const { directory } = context.paths
  const planned = await planClimb({ config: configOf(context), directory, ...request })
  const steps = planned.steps.map(({ kind, node, sentence, undo }) => ({
    kind,
    ...(node !== null && { node }),
    sentence,
    undo,
  }))
  return { ...planned, steps }
}

async function releaseNow(
  context: Context,
  control: Controlled,
): Promise<{ readonly climb: string }> {
  const onProgress = (sentence: string) => context.events.add({ type: 'progress', sentence })
  const job = { directory: context.paths.directory, config: configOf(context) }
  const snapshot = await snapshotInProcess(job, onProgress)
  return await control.climb({ direction: 'release', rungs: [], snapshot })
}

function configOf({ settings }: Context): string {
  if (settings.config !== undefined) return settings.config
  throw new BanyanError('BANYAN_CONFIG_NOT_FOUND', 'Control was not told where the config lies.', {
    hint: 'Ask by a command in the folder of the app, or run "banyan up" once more.',
  })
}
