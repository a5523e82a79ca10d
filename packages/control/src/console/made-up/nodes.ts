import type { NodeStatus } from '../../api/types.ts'

/** Numbers from 0 to 1 that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Nodes of every tier that there is, most of them web processes; all are healthy. */
export function madeUpNodes(count: number): NodeStatus[] {
  const entries = count >= 20 ? Math.ceil(count / 50) : 1
  const data = count >= 20 ? Math.ceil(count / 12) : Math.min(3, Math.max(1, count - 2))
  const telemetry = count >= 20 ? 2 : 0
  const webs = Math.max(0, count - entries - data - telemetry)
  return [
    ...several(entries, (at) => nodeOf(`gateway-${at}`, 'entry', 'gateway', 'entry', at)),
    ...several(webs, (at) => ({
      ...nodeOf(`web-${at}`, 'web', 'process', 'web', at),
      release: 'r1',
    })),
    ...several(data, (at) => dataNode(at)),
    ...several(telemetry, (at) =>
      at === 1
        ? nodeOf('prometheus-1', 'telemetry', 'prometheus', 'telemetry', at)
        : nodeOf('alertmanager-1', 'telemetry', 'alertmanager', 'telemetry', at),
    ),
  ].slice(0, count)
}

function several(count: number, make: (at: number) => NodeStatus): NodeStatus[] {
  return Array.from({ length: count }, (_, index) => make(index + 1))
}

function dataNode(at: number): NodeStatus {
  const node = { ...nodeOf(`db-${at}`, 'data', 'postgres', 'primary', at), shard: 'shard-1' }
  return at === 1 ? node : { ...node, role: 'replica', lagBytes: 0, confirms: at <= 3 }
}

function nodeOf(
  name: string,
  tier: NodeStatus['tier'],
  engine: string,
  role: string,
  at: number,
): NodeStatus {
  return {
    name,
    tier,
    engine,
    host: `local-${(at % 12) + 1}`,
    region: 'local',
    role,
    address: `127.1.${tier.length}.${at}:5000`,
    pid: 1_000 + at,
    health: 'healthy',
    uptimeMs: 60_000,
    sentence: `${name} is healthy.`,
  }
}
