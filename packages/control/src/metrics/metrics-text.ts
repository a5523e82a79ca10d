import type { MetricsText } from '@banyan/model'
import type { BalancerSample } from './balancers.ts'
import type { HostSample } from './host.ts'
import type { Observation } from './observation.ts'
import type { TallySample } from './tally.ts'

/** The only shard that there is so far. */
const shard = 'shard-1'

/** Adds what was observed to control's answer. */
export function writeObservation(text: MetricsText, observation: Observation): void {
  writeNodes(text, observation)
  writePostgres(text, observation)
  writeTally(text, observation.tally)
  writeHost(text, observation.host)
  for (const sample of observation.balancers) writeBalancer(text, sample)
}

function writeNodes(text: MetricsText, { nodes, usage }: Observation): void {
  for (const { name: node, tier, engine, role, host, health, lagBytes, ...one } of nodes) {
    const up = health === 'healthy' ? 1 : 0
    text.add('banyan_node_up', up, { node, tier, engine, role, host, health })
    if (lagBytes == null) continue
    text.add('banyan_replication_lag_bytes', lagBytes, { node, shard: one.shard ?? shard })
  }
  for (const { node, cpuSeconds, memoryBytes } of usage) {
    text.add('banyan_node_cpu_seconds_total', cpuSeconds, { node })
    text.add('banyan_node_memory_bytes', memoryBytes, { node })
  }
}

function writePostgres(text: MetricsText, { postgres }: Observation): void {
  for (const { node, ...sample } of postgres) {
    for (const [state, count] of Object.entries(sample.backends)) {
      text.add('postgresql_backends', count, { node, state })
    }
    text.add('postgresql_connection_max', sample.connectionsMax, { node })
    text.add('postgresql_commits_total', sample.commits, { node })
    text.add('postgresql_rollbacks_total', sample.rollbacks, { node })
    text.add('postgresql_deadlocks_total', sample.deadlocks, { node })
    text.add('postgresql_blocks_read_total', sample.blocksFromCache, { node, source: 'cache' })
    text.add('postgresql_blocks_read_total', sample.blocksFromSystem, { node, source: 'system' })
    if (sample.databaseBytes !== null) {
      text.add('postgresql_db_size_bytes', sample.databaseBytes, { node })
    }
    if (sample.walWrittenBytes !== null) {
      text.add('postgresql_wal_written_bytes_total', sample.walWrittenBytes, { node })
    }
    for (const [slot, bytes] of Object.entries(sample.slots)) {
      text.add('banyan_slot_wal_bytes', bytes, { node, slot })
    }
  }
}

function writeTally(text: MetricsText, tally: TallySample): void {
  text.add('banyan_climb_running', tally.isClimbing ? 1 : 0)
  text.add('banyan_climb_step_seconds', tally.stepSeconds)
  text.add('banyan_write_pause_seconds', tally.writePauseSeconds)
  for (const { direction, outcome, count } of tally.climbs) {
    text.add('banyan_climbs_total', count, { direction, outcome })
  }
  for (const { reason, count } of tally.promotions) {
    text.add('banyan_promotions_total', count, { shard, reason })
  }
  const last = tally.lastPromotion
  if (last === null) return
  const { fencedMs, promotedMs, writingMs } = last
  for (const [phase, ms] of Object.entries({ fencedMs, promotedMs, writingMs })) {
    text.add('banyan_promotion_seconds', ms / 1000, { shard, phase: phase.replace(/Ms$/, '') })
  }
}

function writeHost(text: MetricsText, { cpuSeconds, memory, disk }: HostSample): void {
  for (const [mode, seconds] of Object.entries(cpuSeconds)) {
    text.add('system_cpu_time_seconds_total', seconds, { cpu_mode: mode })
  }
  for (const state of ['used', 'free'] as const) {
    text.add('system_memory_usage_bytes', memory[state], { system_memory_state: state })
    if (disk === null) continue
    text.add('system_filesystem_usage_bytes', disk[state], { system_filesystem_state: state })
  }
}

function writeBalancer(text: MetricsText, sample: BalancerSample): void {
  const { node } = sample
  text.add('banyan_entry_connections', sample.connections, { node })
  for (const { service, answers } of sample.entry) {
    for (const [answer, count] of Object.entries(answers)) {
      const labels = { node, banyan_service: service, banyan_answer: answer }
      text.add('banyan_entry_requests_total', count, labels)
    }
  }
  for (const { node: server, answers } of sample.servers) {
    for (const [answer, count] of Object.entries(answers)) {
      const labels = { node, server, banyan_answer: answer }
      text.add('banyan_balancer_server_requests_total', count, labels)
    }
  }
}
