import type { RungName } from '../ladder.ts'

/** A program that some rung uses when a machine is outgrown, or that Banyan uses itself. */
export type Program = {
  readonly name: string
  /** Names that it may have in PATH; the first that is there counts. */
  readonly commands: readonly string[]
  /** What makes it say its version. */
  readonly versionWords: readonly string[]
  readonly rungs: readonly RungName[]
  readonly why: string
  /** Null: it comes from elsewhere, see `elsewhere`. */
  readonly debian: string | null
  readonly homebrew: string | null
  readonly elsewhere?: string
  /** An older one counts as missing. Absent: every version will do. */
  readonly oldest?: string
}

/** None of these is needed for `single`: every rung can run on what npm brings along. */
export const programs: readonly Program[] = [
  {
    name: 'git',
    commands: ['git'],
    versionWords: ['--version'],
    rungs: [],
    why: 'keeps the history of the app',
    debian: 'git',
    homebrew: 'git',
  },
  {
    name: 'psql',
    commands: ['psql'],
    versionWords: ['--version'],
    rungs: ['single'],
    why: "PostgreSQL's own prompt; `banyan sql` does without",
    debian: 'postgresql-client',
    homebrew: 'libpq',
  },
  {
    name: 'pgBackRest',
    commands: ['pgbackrest'],
    versionWords: ['version'],
    rungs: ['single'],
    why: 'backups and the archive of the WAL',
    debian: 'pgbackrest',
    homebrew: 'pgbackrest',
  },
  {
    name: 'HAProxy',
    commands: ['haproxy'],
    versionWords: ['-v'],
    rungs: ['balanced'],
    why: 'the balancer, in place of the embedded gateway',
    debian: 'haproxy',
    homebrew: 'haproxy',
    // Debian 12 has it, and it is what the engine was made and tested with.
    oldest: '2.6',
  },
  {
    name: 'Patroni',
    commands: ['patroni'],
    versionWords: ['--version'],
    rungs: ['replicated'],
    why: 'failover of PostgreSQL over several machines',
    debian: 'patroni',
    homebrew: null,
    elsewhere: "pip install 'patroni[etcd3]'",
  },
  {
    name: 'etcd',
    commands: ['etcd'],
    versionWords: ['--version'],
    rungs: ['replicated'],
    why: 'where Patroni keeps who is the primary',
    debian: 'etcd-server',
    homebrew: 'etcd',
  },
  {
    name: 'Redis or Valkey',
    commands: ['valkey-server', 'redis-server'],
    versionWords: ['--version'],
    rungs: ['cached'],
    why: 'the shared cache',
    debian: 'redis-server',
    homebrew: 'valkey',
  },
  {
    name: 'Varnish',
    commands: ['varnishd'],
    versionWords: ['-V'],
    rungs: ['edge'],
    why: 'the HTTP cache, in place of the one in the gateway',
    debian: 'varnish',
    homebrew: 'varnish',
  },
  {
    name: 'kubectl',
    commands: ['kubectl'],
    versionWords: ['version', '--client'],
    rungs: ['elastic'],
    why: 'Kubernetes schedules the nodes when one machine is outgrown',
    debian: null,
    homebrew: 'kubernetes-cli',
    elsewhere: 'see https://kubernetes.io/docs/tasks/tools/',
  },
  {
    name: 'gdnsd',
    commands: ['gdnsd'],
    versionWords: ['-V'],
    rungs: ['regions'],
    why: 'names that lead to the nearest healthy region',
    debian: 'gdnsd',
    homebrew: null,
    elsewhere: 'see https://gdnsd.org',
  },
  {
    name: 'NATS',
    commands: ['nats-server'],
    versionWords: ['--version'],
    rungs: ['queued'],
    why: 'the queue, in place of the one in PostgreSQL',
    debian: 'nats-server',
    homebrew: 'nats-server',
  },
  {
    name: 'Prometheus',
    commands: ['prometheus'],
    versionWords: ['--version'],
    rungs: ['observed'],
    why: 'keeps the measurements',
    debian: 'prometheus',
    homebrew: 'prometheus',
    // Debian 12 has it, and it is what the engine was made and tested with.
    oldest: '2.42',
  },
  {
    name: 'Alertmanager',
    commands: ['prometheus-alertmanager', 'alertmanager'],
    versionWords: ['--version'],
    rungs: ['observed'],
    why: 'sends the alerts',
    debian: 'prometheus-alertmanager',
    homebrew: 'alertmanager',
    oldest: '0.25',
  },
  {
    name: 'Grafana',
    commands: ['grafana-server', 'grafana'],
    versionWords: ['-v'],
    rungs: ['observed'],
    why: 'shows the dashboards',
    debian: null,
    homebrew: 'grafana',
    elsewhere: 'see https://grafana.com/docs/grafana/latest/setup-grafana/installation/',
  },
]
