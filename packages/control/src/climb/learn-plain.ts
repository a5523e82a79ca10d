import type { Node } from '@banyan/model'
import { withPlain, writeEntryRecord } from '../entry/record.ts'
import { writeJson } from '../state/files.ts'
import type { Context } from './context.ts'
import { redesire } from './ground.ts'

/**
 * Looks at every process that was given the public socket, whoever started it: a control that died in
 * the middle of a start had not learned yet what the process is.
 */
export async function learnPlainOnes(context: Context): Promise<void> {
  for (const { driver, situation } of context.keepers.all) {
    if (situation !== 'healthy' || !driver.isPlain?.()) continue
    const node = context.topology.nodes.find(({ name }) => name === driver.node.name)
    if (node?.entry === true) await learnPlain(context, node)
  }
}

/**
 * A process that was given the public socket listens on its own port alone: it does not call `serve`. It
 * goes on as it is, and from now on the system wants a gateway that accepts for it.
 */
async function learnPlain(context: Context, node: Node): Promise<void> {
  const service = context.system.services.find(({ name }) => name === node.service)
  if (service === undefined) return
  const entry = withPlain(context.entry, service)
  await writeEntryRecord(context.paths, entry)
  context.entry = entry
  await forgetEntry(context, node)
  await redesire(context, context.desired.rungs)
  const sentence = `${node.name} does not call serve; a gateway takes requests in for it.`
  context.events.add({ type: 'progress', sentence })
}

/** It never was the entry, whatever was planned. */
async function forgetEntry(context: Context, { name }: Node): Promise<void> {
  const { topology } = context
  const nodes = topology.nodes.map((node) => {
    if (node.name !== name) return node
    const { entry: _entry, ...rest } = node
    return rest
  })
  context.topology = { ...topology, version: topology.version + 1, nodes }
  await writeJson(context.paths.topology, context.topology)
}
