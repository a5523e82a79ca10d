import { defaultTelemetry, type ProcessTelemetry, type System } from '@banyan/model'
import type { Context } from '../climb/context.ts'

/** What a system says of its telemetry; a release that was taken by an earlier version says nothing of it. */
export const telemetryOf = ({ telemetry }: System) => telemetry ?? defaultTelemetry

/**
 * What a process is told of telemetry, as a part of its file: nothing where it is off, and nothing where no store
 * is kept (`exec`), since nobody would read what is measured.
 *
 * @example
 * const file = { format: 1, node, ...telemetryIn(context, system) }
 */
export function telemetryIn(
  { telemetry, secrets }: Pick<Context, 'telemetry' | 'secrets'>,
  system: System,
): { telemetry?: ProcessTelemetry } {
  const { enabled, traces } = telemetryOf(system)
  if (telemetry === null || !enabled) return {}
  const { metricsToken, storeToken } = secrets
  const otlp = { url: `http://${telemetry.storePlace}`, token: storeToken }
  return { telemetry: { otlp, traces, metricsToken } }
}
