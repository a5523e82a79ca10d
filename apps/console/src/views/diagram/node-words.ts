import type { NodeStatus } from '@banyan/control/api'
import { formatBytes } from '../../format/bytes.ts'

/** The load of a CPU in percent; `–` where it is not known. */
export const sayCpu = (cpu: number | null | undefined): string =>
  cpu === null || cpu === undefined ? '–' : `${Math.round(cpu * 100)}%`

/** The short line below a node's name: its place among the others, and how far it is behind if that is now. */
export function roleLine(
  { tier, role, release, lagBytes, engine }: NodeStatus,
  isNow = true,
): string {
  if (tier === 'data' && role === 'replica' && !isNow) return 'replica'
  if (tier === 'data' && role === 'replica')
    return lagBytes === null || lagBytes === undefined
      ? 'replica · lag unknown'
      : `replica · lag ${formatBytes(lagBytes)}`
  if (tier === 'data') return 'takes the writes'
  const words = tier === 'entry' || tier === 'telemetry' ? engine : role
  return release === undefined ? words : `${words} · ${release}`
}

/** What of a name is told apart among many of its tier: `112` of `web-112`. */
export const shortName = (name: string): string => /\d+$/.exec(name)?.[0] ?? name.slice(0, 4)

/** A CPU that is nearly used up is said by its colour and by its figure. */
export const isBusy = (cpu: number | null | undefined): boolean => (cpu ?? 0) >= 0.85
