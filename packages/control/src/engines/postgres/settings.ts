/**
 * The settings of every server, as a pure function of its version and size.
 *
 * Rule: what PostgreSQL reads only at its start is chosen now for the whole ladder, and alike on
 * every size, because a climb must not need a restart, and because a replica must offer at least as
 * many slots of each kind as its primary. What can be reloaded stays at what one server needs.
 */

/** What the settings depend on. */
export type SettingsInput = {
  readonly major: number
  /** Memory that the server may count on, in megabytes. */
  readonly memoryMb: number
  readonly cpus: number
  readonly address: string
  readonly port: number
  /** Shown in the title of every process of the server. */
  readonly clusterName: string
  readonly platform: NodeJS.Platform
  /** Libraries that are there to be loaded at the start. */
  readonly libraries: readonly string[]
}

/** One setting: a name, its value, and why. */
export type Setting = {
  readonly name: string
  readonly value: string
  readonly why: string
}

/** A row of the tables below: with the first major version that knows it, where not all do. */
type Row = readonly [name: string, value: string | number, why: string, since?: number]

/** All settings of a server, without the ones that its version does not know. */
export function settingsOf(input: SettingsInput): Setting[] {
  const rows: Row[] = [
    ...network(input),
    ...ladder(input),
    ...memory(input),
    ...durability(input),
    ...planner(input),
    ...timeouts(input),
    ...logging(input),
  ]
  return rows
    .filter(([, , , since = 0]) => input.major >= since)
    .map(([name, value, why]) => ({ name, value: String(value), why }))
}

function network(input: SettingsInput): Row[] {
  return [
    ['listen_addresses', input.address, 'Private: one loopback address, never all of them.'],
    ['port', input.port, 'Chosen by the topology.'],
    [
      'unix_socket_directories',
      '',
      'No second door: a socket would know other rules than the address.',
    ],
    [
      'password_encryption',
      'scram-sha-256',
      'Passwords are never stored in a form that can be replayed.',
    ],
    [
      'cluster_name',
      input.clusterName,
      'Tells the servers of one machine apart in the process list.',
    ],
    ['allow_alter_system', 'off', 'ALTER SYSTEM would win over this file at the next start.', 17],
  ]
}

/** Needs a restart to change: sized for `sharded` with replicas, moves and a changefeed. */
function ladder(input: SettingsInput): Row[] {
  return [
    ['wal_level', 'logical', 'Moves and the changefeed decode the WAL.'],
    [
      'max_connections',
      200,
      'Processes share a capped number; replicas must offer as many as their primary, on every size.',
    ],
    [
      'superuser_reserved_connections',
      5,
      'Control gets in when the app has taken every other place.',
    ],
    ['max_wal_senders', 32, 'Replicas, moves, the changefeed and base backups at the same time.'],
    [
      'max_replication_slots',
      64,
      'One for each of them, and those of a move that is being undone.',
    ],
    [
      'max_prepared_transactions',
      200,
      'Transactions across shards are prepared: one for every connection.',
    ],
    ['max_worker_processes', 48, 'Appliers, copiers and parallel queries share these places.'],
    ['max_logical_replication_workers', 24, 'Each incoming move has an applier and its copiers.'],
    [
      'max_active_replication_origins',
      64,
      'One for each incoming move, also while it is being undone.',
      18,
    ],
    [
      'max_locks_per_transaction',
      64,
      'The locks are one pool for all: 64 for each of 400 places, also for one who locks many partitions.',
    ],
    [
      'autovacuum_worker_slots',
      16,
      'More autovacuum workers without a restart, should a table need them.',
      18,
    ],
    ['track_commit_timestamp', 'on', 'Appliers tell which of two changes came later.'],
    [
      'archive_mode',
      'on',
      'Backups begin by naming the archive command, which only takes a reload.',
    ],
    [
      'archive_command',
      'true',
      'Until there is an archive, every segment counts as archived at once.',
    ],
    ['hot_standby', 'on', 'Replicas answer reads.'],
    ['track_activity_query_size', 4096, 'Statements of real apps are longer than 1 kB.'],
    ['max_sync_workers_per_subscription', 8, 'A move copies several tables at a time.'],
    ['max_slot_wal_keep_size', '8GB', 'A stopped consumer must not fill the disk.'],
    ...preload(input),
  ]
}

/** Loaded but asleep, so that the rung which wants it needs no restart. */
function preload({ libraries }: SettingsInput): Row[] {
  if (!libraries.includes('pg_stat_statements')) return []
  return [
    [
      'shared_preload_libraries',
      'pg_stat_statements',
      'Statistics per statement can be switched on at any time.',
    ],
    ['pg_stat_statements.track', 'none', 'Until somebody looks at them, they cost nothing.'],
    ['compute_query_id', 'off', 'Loading the library would otherwise hash every statement.'],
  ]
}

function memory({ memoryMb, cpus }: SettingsInput): Row[] {
  const shared = clamp(Math.floor(memoryMb / 4), 16, 16_384)
  const maintenance = clamp(Math.floor(memoryMb / 16), 8, 2_048)
  const work = clamp(Math.floor((memoryMb - shared) / 128), 2, 64)
  const parallel = clamp(Math.floor(cpus / 2), 0, 4)
  return [
    [
      'shared_buffers',
      `${shared}MB`,
      'A quarter of the memory; the page cache of the system does the rest.',
    ],
    [
      'effective_cache_size',
      `${Math.max(32, Math.floor((memoryMb * 3) / 4))}MB`,
      'What both caches hold together.',
    ],
    ['work_mem', `${work}MB`, 'Sixty sorts of two parts each at once still fit into the memory.'],
    [
      'maintenance_work_mem',
      `${maintenance}MB`,
      'Index builds and vacuum, of which few run at once.',
    ],
    [
      'max_wal_size',
      `${clamp(Math.floor(memoryMb / 2), 256, 512)}MB`,
      'Half a second of replay after a crash; where a replica takes over, a reload raises it.',
    ],
    ['min_wal_size', '80MB', 'A quiet system keeps a small disk.'],
    ['max_parallel_workers', clamp(cpus, 2, 16), 'Not more helpers than processors.'],
    ['max_parallel_workers_per_gather', parallel, 'One query does not take every processor.'],
    ['max_parallel_maintenance_workers', parallel, 'Nor does one index build.'],
    [
      'io_method',
      'worker',
      'As cheap as none when idle, and the number of workers takes only a reload.',
      18,
    ],
    ['io_workers', 2, 'Half a megabyte each; a busy server gets more by a reload.', 18],
  ]
}

function durability({ platform }: SettingsInput): Row[] {
  return [
    ['fsync', 'on', 'An acknowledged write survives the loss of power.'],
    ['full_page_writes', 'on', 'A page that was half written is mended from the WAL.'],
    ['synchronous_commit', 'on', 'A commit is acknowledged when its record is on the disk.'],
    ['wal_log_hints', 'on', 'An old primary can be rewound and follow the new one.'],
    ['restart_after_crash', 'on', "The death of one backend heals without anybody's help."],
    ...(platform === 'linux'
      ? ([
          [
            'recovery_init_sync_method',
            'syncfs',
            'One call per file system instead of one per file: a crash is over sooner.',
          ],
        ] satisfies Row[])
      : []),
  ]
}

function planner(_input: SettingsInput): Row[] {
  return [
    ['jit', 'off', 'Compiling costs more than it gains on the short queries of a web app.'],
    ['random_page_cost', '1.1', 'Disks without heads.'],
    ['timezone', 'UTC', 'The same on every machine, so that nodes agree about text.'],
    ['lc_messages', 'C', 'Control reads some of the messages.'],
  ]
}

function timeouts({ platform }: SettingsInput): Row[] {
  const rows: Row[] = [
    [
      'idle_in_transaction_session_timeout',
      '5min',
      'A forgotten transaction holds back vacuum and moves.',
    ],
    ['authentication_timeout', '10s', 'A connection that never signs in gives its place back.'],
    ['tcp_keepalives_idle', '30s', 'A client whose machine vanished is noticed,'],
    ['tcp_keepalives_interval', '10s', 'asked again,'],
    ['tcp_keepalives_count', 3, 'and given up within a minute.'],
  ]
  if (platform !== 'linux') return rows
  return [
    ...rows,
    [
      'client_connection_check_interval',
      '10s',
      'The query of a client that is gone does not run on.',
    ],
  ]
}

/** Statements and the details of errors carry passwords and people's data: they stay out of the log. */
function logging(_input: SettingsInput): Row[] {
  return [
    ['log_destination', 'stderr', "The node's log file is its standard error."],
    ['logging_collector', 'off', 'One process less, and one file less.'],
    ['log_line_prefix', '%m [%p] %q%u@%d ', 'When, which process, and whose.'],
    ['log_timezone', 'UTC', 'The same clock as the other logs.'],
    ['log_min_error_statement', 'panic', 'A failed statement may hold a password.'],
    [
      'log_error_verbosity',
      'terse',
      'The detail of an error shows the row; the app gets it, the log does not.',
    ],
    ['log_statement', 'none', "Statements hold people's data."],
    ['log_min_duration_statement', -1, 'The same for slow ones.'],
    [
      'log_parameter_max_length',
      0,
      'Should somebody log statements, then without their parameters.',
    ],
    ['log_parameter_max_length_on_error', 0, 'The same for failed ones.'],
    ['log_checkpoints', 'on', 'A slow moment is often a checkpoint.'],
    ['log_lock_waits', 'on', 'A second in a queue for a lock is worth a line.'],
  ]
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** The text of the settings file. */
export function renderSettings(settings: readonly Setting[]): string {
  const lines = settings.map(({ name, value, why }) => `# ${why}\n${name} = ${quote(value)}\n`)
  return `# Written by Banyan at every start of this server; changes here do not last.\n\n${lines.join('\n')}`
}

/** A value of a settings file: single quotes and backslashes are doubled, and it stays one line. */
function quote(value: string): string {
  return `'${value
    .replace(/[\r\n]+/g, ' ')
    .replace(/\\/g, '\\\\')
    .replace(/'/g, "''")}'`
}

/** Who may connect: anybody on this machine who proves a password, and nobody else. */
export function renderAccess(): string {
  const hosts = ['127.0.0.0/8', '::1/128']
  const lines = hosts.flatMap((host) =>
    ['all', 'replication'].map((database) => `host ${database} all ${host} scram-sha-256\n`),
  )
  return `# Written by Banyan at every start of this server; changes here do not last.\n${lines.join('')}`
}
