import {
  ControlClient,
  followFile,
  inspectStateDirectory,
  lastLines,
  logFileOf,
  observeOffline,
  type StatePaths,
  sizeOf,
  statePaths,
} from '@banyan/control/api'
import { BanyanError, nearestName } from '@banyan/model'
import { LogPrinter } from '../log-printer.ts'
import type { Common } from '../program.ts'

export type LogsOptions = {
  readonly node: string | null
  readonly follow: boolean
  readonly lines: number
}

/** Shows the end of the logs, and what arrives from then on. Reads the files, so that nothing need run. */
export async function logs({ json, directory }: Common, options: LogsOptions): Promise<number> {
  const paths = statePaths(directory)
  await inspectStateDirectory(paths)
  const nodes = await chooseNodes(paths, options.node)
  const printer = new LogPrinter(nodes, json)
  const ends = await Promise.all(nodes.map(async (node) => sizeOf(pathOf(paths, node))))
  for (const node of nodes) {
    for (const line of await lastLines(pathOf(paths, node), options.lines))
      printer.print(node, line)
  }
  if (!options.follow) return 0
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  await Promise.all(
    nodes.map((node, index) =>
      followFile({
        path: pathOf(paths, node),
        from: ends[index] ?? 0,
        signal: stopping.signal,
        onLine: (line) => printer.print(node, line),
      }),
    ),
  )
  return 0
}

function pathOf(paths: StatePaths, node: string): string {
  return node === 'control' ? paths.controlLog : logFileOf(paths, node)
}

async function chooseNodes(paths: StatePaths, wanted: string | null): Promise<string[]> {
  const control = await ControlClient.find(paths)
  const { nodes } = control === null ? await observeOffline(paths) : await control.status()
  if (wanted === null) return nodes.map(({ name }) => name)
  if (wanted === 'control') return ['control']
  const named = nodes.filter(({ name, role, tier }) => [name, role, tier].includes(wanted))
  if (named.length > 0) return named.map(({ name }) => name)
  const names = [...nodes.map(({ name }) => name), 'control']
  const near = nearestName(wanted, names)
  throw new BanyanError('BANYAN_NODE_UNKNOWN', `There is no node ${JSON.stringify(wanted)}.`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}The logs: ${names.join(', ')}.`,
    details: { name: wanted, nodes: names },
  })
}
