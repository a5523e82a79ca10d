import {
  type AlertStatus,
  ControlClient,
  inspectStateDirectory,
  type NodeStatus,
  observeOffline,
  type Status,
  statePaths,
  withMembers,
} from '@banyan/control/api'
import { type Colour, paint, sayDuration } from '../paint.ts'
import type { Common } from '../program.ts'
import { sayLag, sayShard } from '../status/say-shard.ts'
import { table } from '../table.ts'

/** Shows what runs; when nothing does, what is recorded. */
export async function status({ json, directory }: Common): Promise<number> {
  const paths = statePaths(directory)
  await inspectStateDirectory(paths)
  const control = await ControlClient.find(paths)
  const found = withMembers(control === null ? await observeOffline(paths) : await control.status())
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : describe(found))
  return 0
}

function describe(found: Status): string {
  const lines = [found.sentence]
  const say = (title: string, text: string) =>
    lines.push(`${paint('dim', title.padEnd('release'.length))} ${text}`)
  if (found.url !== null) say('url', paint('bold', found.url))
  for (const { service, address } of found.tcp ?? []) say('tcp', `${address} (${service})`)
  if (found.rungs.length > 0) say('rungs', found.rungs.join(', '))
  if (found.release !== null) say('release', found.release)
  if (found.climb !== null) say('climb', `step ${found.climb.step} of ${found.climb.steps}`)
  for (const shard of found.shards ?? []) say('data', sayShard(shard))
  for (const alert of found.alerts ?? []) say('alert', sayAlert(alert))
  if (found.nodes.length === 0) return `${lines.join('\n')}\n`
  // Which node runs which release is worth a column only while not all run the same.
  const differ = new Set(found.nodes.flatMap(({ release = [] }) => release)).size > 1
  // How far replicas are behind is worth one only where there are replicas.
  const lags = found.nodes.some(({ lagBytes }) => lagBytes !== undefined)
  const rows = found.nodes.map((node) => [
    ...rowOf(node),
    ...(lags ? [sayLag(node)] : []),
    ...(differ ? [node.release ?? '–'] : []),
  ])
  const head = [
    'node',
    'role',
    'health',
    'address',
    'pid',
    'up for',
    ...(lags ? ['behind'] : []),
    ...(differ ? ['release'] : []),
  ]
  const text = table(head, rows)
  const colours = found.nodes.map(({ health }) => health)
  return `${lines.join('\n')}\n\n${colourHealth(text, colours)}`
}

/** Who has to do something now is said in red. */
function sayAlert({ severity, since, sentence }: AlertStatus): string {
  const text = `${sentence} Since ${since.slice(0, 16).replace('T', ' ')} UTC.`
  return paint(severity === 'page' ? 'red' : 'yellow', text)
}

function rowOf(node: NodeStatus): string[] {
  return [
    node.name,
    node.role,
    node.health,
    node.address ?? '–',
    node.pid === null ? '–' : String(node.pid),
    node.uptimeMs === null ? '–' : sayUptime(node.uptimeMs),
  ]
}

const healthColours: Readonly<Record<string, Colour>> = {
  healthy: 'green',
  starting: 'yellow',
  draining: 'yellow',
  failed: 'red',
  stopped: 'dim',
}

/** After the layout, because colours would count as letters in it. */
function colourHealth(text: string, healths: readonly string[]): string {
  const lines = text.split('\n')
  return lines
    .map((line, index) => {
      const health = healths[index - 1]
      return health === undefined
        ? line
        : line.replace(health, paint(healthColours[health] ?? 'dim', health))
    })
    .join('\n')
}

function sayUptime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 60) return sayDuration(milliseconds)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}
