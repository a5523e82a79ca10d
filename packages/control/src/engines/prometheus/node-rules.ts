import { durationOf } from './duration.ts'
import type { Rule, RuleOptions } from './rules.ts'

const minute = 60_000

/** What can be wrong with the parts of a system, whether or not anybody's requests fail already. */
export function nodeRules({ scale, thresholds }: RuleOptions): Rule[] {
  const wait = (minutes: number): string => durationOf(minutes * minute * scale)
  return [
    {
      alert: 'BanyanNodeFailed',
      // A node that crashes again and again is now failed and now starting.
      expr: 'min by (node, tier, engine, host) (banyan_node_up{health!~"stopped|draining"}) == 0',
      for: wait(1),
      labels: { severity: 'page' },
      annotations: {
        summary: '{{ $labels.node }} ({{ $labels.tier }}) has not been healthy for a minute.',
        description:
          'Banyan starts it again and again, and that does not help. "banyan status" says why in one sentence, "banyan logs {{ $labels.node }}" what it printed. Requests are answered by others of its kind where there are any.',
        runbook:
          '1. banyan status. 2. banyan logs of the node: its last lines are the reason. 3. Of a web process: did it begin with a release? banyan undo. Of a database: is its disk full? Of a server that somebody paused: banyan resume.',
      },
    },
    {
      alert: 'BanyanReplicaBehind',
      expr: `max by (node, shard) (banyan_replication_lag_bytes) > ${thresholds.lagBytes}`,
      for: wait(2),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          '{{ $labels.node }} is {{ $value | humanize1024 }}B behind its primary ({{ $labels.shard }}).',
        description:
          'A replica that is far behind answers no reads, and takes long to take over. As a rule a long query on it holds it up, or its disk is slower than what is written. "banyan status" shows how far it is.',
        runbook:
          '1. banyan status: is the replica healthy, and does its lag shrink? 2. On the replica, look for queries that run for minutes (pg_stat_activity), and end them. 3. Where much is being written at once (an import), wait. 4. Else its disk or its processors are too slow for what is written.',
      },
    },
    {
      alert: 'BanyanSlotKeepsWal',
      expr: `max by (node, slot) (banyan_slot_wal_bytes) > ${thresholds.slotBytes}`,
      for: wait(2),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          'The slot {{ $labels.slot }} has {{ $labels.node }} keep {{ $value | humanize1024 }}B of WAL.',
        description:
          'The server keeps what this slot has not taken yet, on its own disk, without end. As a rule the replica that it belongs to is away. Bring it back, or give it up ("banyan shrink replicated"); a slot that is not Banyan\'s is dropped with pg_drop_replication_slot.',
        runbook:
          '1. banyan status: which replica is not healthy? Bring it back. 2. Is the slot of somebody else (a change feed, a backup)? Have them go on, or drop it. 3. How much room is left on the disk says how much time there is.',
      },
    },
    {
      alert: 'BanyanDiskAlmostFull',
      expr: `system_filesystem_usage_bytes{system_filesystem_state="free"} / ignoring (system_filesystem_state) sum without (system_filesystem_state) (system_filesystem_usage_bytes) < ${thresholds.diskFree}`,
      for: wait(2),
      labels: { severity: 'page' },
      annotations: {
        summary:
          'Only {{ $value | humanizePercentage }} of the disk of the state directory is free.',
        description:
          'A database whose disk is full takes no writes any more. Free space, or enlarge the disk; "du" on the state directory says what takes it. Logs and telemetry of Banyan are bounded, the data of the app is not.',
        runbook:
          '1. du -x -d 2 on the state directory, and on the disk it is on. 2. Does a slot keep WAL (BanyanSlotKeepsWal)? That comes first. 3. Delete what is not needed, outside of nodes/*/data. 4. Enlarge the disk.',
      },
    },
    {
      alert: 'BanyanClimbStuck',
      expr: `max(banyan_climb_step_seconds) > ${thresholds.stepSeconds}`,
      labels: { severity: 'ticket' },
      annotations: {
        summary: 'A step of the climb has taken {{ $value | humanizeDuration }} so far.',
        description:
          'Meanwhile everything is answered as before. To copy a big database takes its time; every other step is over in minutes. "banyan status" says which one it is, and an interrupted "banyan grow" (Ctrl-C) goes back.',
        runbook:
          '1. banyan status and the console say which step it is, and of which node. 2. create-replica: is the disk still being written to? Then wait. 3. apply-migrations: is it waiting for a lock (pg_stat_activity)? 4. Else turn the climb back.',
      },
    },
    {
      alert: 'BanyanTargetMissing',
      expr: 'up{job="banyan"} == 0',
      for: wait(2),
      labels: { severity: 'ticket' },
      annotations: {
        summary: 'Nothing is known of {{ $labels.node }}: its metrics cannot be read.',
        description:
          'The node may be well all the same; without its metrics the other alerts are blind to it. {{ $labels.node }} at {{ $labels.instance }} does not answer /-/metrics. Of control: it is away, nothing would be healed, and "banyan up" starts it again.',
        runbook:
          '1. banyan status: is it healthy? 2. banyan logs of the node. 3. Of control: banyan up changes nothing else.',
      },
    },
  ]
}
