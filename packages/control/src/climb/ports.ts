import { createHash } from 'node:crypto'
import { publicServices, type System, type Topology, tcpPorts } from '@banyan/model'
import { markOf } from '../drivers/run-file.ts'
import { tryToListen } from '../engines/postgres/engine.ts'
import { processesWith } from '../sites/proc.ts'
import type { StatePaths } from '../state/paths.ts'

/*
 * Where nodes listen for us and for each other. Many programs read PORT and not HOST, and listen on all
 * addresses of the machine: so no two nodes of a system have the same port, whatever hosts they are on,
 * and none has one that anybody listens on at any address. Below those that the kernel hands out, above
 * those that people use by hand; derived from the state directory, so that two systems seldom meet.
 */
const lowest = 20_000
const highest = 32_000
/** A stand-in has one next to its node's. */
const apart = 2

/** A node keeps the port that it has, for as long as nobody else has it. */
export async function portsOf(
  paths: StatePaths,
  system: System,
  recorded: Topology | null,
): Promise<Record<string, number>> {
  const names = [
    'gateway-1',
    'haproxy-1',
    ...publicServices(system).flatMap(({ name }) => [`${name}-1`, `${name}-2`]),
    'prometheus-1',
    'alertmanager-1',
  ]
  const ports: Record<string, number> = {}
  // Nobody listens at the system's own ports yet when it comes up.
  const taken = new Set([
    ...tcpPorts(system).flatMap((port) => [port - 1, port]),
    // One that does not run has its port all the same.
    ...(recorded?.nodes ?? []).map(({ port }) => port),
  ])
  for (const name of names) {
    const known = recorded?.nodes.find((node) => node.name === name)?.port ?? 0
    const keeps = known !== 0 && (await isFreeOrOurs(paths, name, known))
    const port = keeps ? known : await freePort(firstOf(paths), taken)
    for (let next = port; next < port + apart; next += 1) taken.add(next)
    ports[name] = port
  }
  return ports
}

function firstOf({ directory }: StatePaths): number {
  const digest = createHash('sha256').update(`${directory}\nports`).digest()
  return lowest + (digest.readUInt32BE(0) % ((highest - lowest) / 20)) * 20
}

async function freePort(first: number, taken: ReadonlySet<number>): Promise<number> {
  for (let step = 0; step < highest - lowest; step += apart) {
    const port = lowest + ((first - lowest + step) % (highest - lowest))
    if (!taken.has(port) && (await isFree(port))) return port
  }
  throw new Error(`No port from ${lowest} to ${highest} is free.`)
}

/** A process that an earlier control left running holds its port rightly. */
async function isFreeOrOurs(paths: StatePaths, node: string, port: number): Promise<boolean> {
  if (await isFree(port)) return true
  const { name, value } = markOf(paths, node)
  return (await processesWith(name, value)).length > 0
}

/** At every address: whoever listens at one of them is in the way of a program that wants all. */
async function isFree(port: number): Promise<boolean> {
  for (const address of ['0.0.0.0', '::']) {
    const found = await tryToListen({ address, port })
    if (found === 'taken') return false
  }
  return true
}
