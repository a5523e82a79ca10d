import type { Flow, FlowEdge, NodeLoad } from '../api/types.ts'
import { addGains, type Grid, noGains } from './increase.ts'
import type { Metrics } from './metrics.ts'
import { type Bucket, quantile } from './quantile.ts'
import type { Series, Target } from './series.ts'

/*
 * Rates are of the newest two seconds, so that one reading that came late does not make them jump; percentiles are
 * of the newest ten, since those of the three requests of a second would be noise. A target that was not read for
 * three seconds is not known, and nothing is said of it.
 */
const rateMs = 2_000
const quantileMs = 10_000
const knownMs = 3_000

/** What a group of series did lately. */
type Doing = { perS: number | null; errorsPerS: number; p50Ms: number | null; p99Ms: number | null }

/** What moves through the system in the newest second. Pure: from what is in memory. */
export function flowOf(metrics: Metrics, now: number): Flow {
  const look = new Look(metrics, now)
  const nodes = look.nodes()
  const edges = [...look.entryEdges(), ...look.queryEdges(), ...look.replicationEdges()]
  const loads = nodes.map((node): [string, NodeLoad] => [node, look.load(node)])
  return { at: look.newest() ?? now, nodes: Object.fromEntries(loads), edges }
}

class Look {
  readonly #metrics: Metrics
  readonly #now: number
  readonly #found = new Map<string, readonly Series[]>()
  readonly #groups = new Map<string, ReadonlyMap<string, readonly Series[]>>()
  readonly #cuts = new Map<Target, { from: number; times: readonly number[] }>()

  constructor(metrics: Metrics, now: number) {
    this.#metrics = metrics
    this.#now = now
  }

  newest(): number | null {
    const times = this.#metrics.registry.targets().map(({ times }) => times.at(-1) ?? 0)
    const newest = Math.max(0, ...times)
    return newest === 0 ? null : newest
  }

  /** Every node that control speaks of, and every one that speaks for itself. */
  nodes(): string[] {
    const own = this.#metrics.registry
      .targets()
      .filter(({ times, pushed }) => !pushed && this.#isNew(times.at(-1)))
      .map(({ labels }) => labels.node)
      .filter((name) => name !== undefined)
    return [...new Set([...this.#names('banyan_node_up', 'node'), ...own])].sort()
  }

  load(node: string): NodeLoad {
    const doing = this.#doingOf(node)
    return {
      cpu:
        this.#rate(this.#of('banyan_node_cpu_seconds_total', node), quantileMs) ??
        this.#rate(this.#of('process_cpu_time_seconds_total', node), quantileMs),
      memoryBytes:
        sumOf(this.#of('banyan_node_memory_bytes', node)) ??
        sumOf(this.#of('process_memory_usage_bytes', node)),
      requestsPerS: doing?.perS ?? null,
      errorsPerS: doing === null ? null : doing.errorsPerS,
      p99Ms: doing?.p99Ms ?? null,
    }
  }

  #doingOf(node: string): Doing | null {
    const asked = [
      ['banyan_entry_requests_total', 'node'],
      ['banyan_balancer_server_requests_total', 'node'],
      ['http_server_request_duration_seconds', 'node'],
      ['db_client_operation_duration_seconds', 'server_address'],
    ] as const
    for (const [metric, label] of asked) {
      const doing = this.#doing(this.#of(metric, node, label))
      if (doing.perS !== null) return this.#withWaiting(node, metric, doing)
    }
    return null
  }

  /** The entry counts its answers, and measures how long it waited for the nodes behind it. */
  #withWaiting(node: string, metric: string, doing: Doing): Doing {
    if (metric !== 'banyan_entry_requests_total') return doing
    const { p50Ms, p99Ms } = this.#doing(this.#of('http_client_request_duration_seconds', node))
    return { ...doing, p50Ms, p99Ms }
  }

  /** From the clients to the entry, and from there to the web nodes; on one server straight to them. */
  entryEdges(): FlowEdge[] {
    const entries = this.#names('banyan_entry_requests_total', 'node')
    const balancers = this.#names('banyan_balancer_server_requests_total', 'node')
    const fronts = [...new Set([...entries, ...balancers])]
    const webs = this.#names('http_server_request_duration_seconds', 'node')
    const first = fronts.length > 0 ? fronts : webs
    return [
      ...first.flatMap((node) => edge('client', node, 'requests', this.#doingOf(node))),
      ...this.#pairs('http_client_request_duration_seconds', 'server_address', 'requests'),
      ...this.#pairs('banyan_balancer_server_requests_total', 'server', 'requests'),
    ]
  }

  queryEdges(): FlowEdge[] {
    return this.#pairs('db_client_operation_duration_seconds', 'server_address', 'queries')
  }

  /** What the primary writes, less what a replica falls behind by: what the replica takes. */
  replicationEdges(): FlowEdge[] {
    const primary =
      this.#series('banyan_node_up').find(({ labels }) => labels.role === 'primary')?.labels.node ??
      this.#names('postgresql_wal_written_bytes_total', 'node')[0]
    if (primary === undefined) return []
    const written = this.#rate(this.#of('postgresql_wal_written_bytes_total', primary), quantileMs)
    if (written === null) return []
    return this.#names('banyan_replication_lag_bytes', 'node')
      .filter((node) => node !== primary)
      .map((to) => {
        const perS = Math.max(0, written - this.#lagGrowth(to))
        return { from: primary, to, kind: 'replication', perS, ...still }
      })
  }

  #lagGrowth(node: string): number {
    const [series] = this.#of('banyan_replication_lag_bytes', node)
    if (series === undefined) return 0
    const { from, times } = this.#cut(series.family.target)
    const grown = (series.values.at(-1) as number) - (series.values[from] as number)
    const seconds = ((times.at(-1) as number) - (times[0] as number)) / 1_000
    return seconds > 0 && Number.isFinite(grown) ? grown / seconds : 0
  }

  /** Who asked whom: an edge for each pair of nodes that has to do with each other. */
  #pairs(metric: string, toLabel: string, kind: FlowEdge['kind']): FlowEdge[] {
    const there = this.#series(metric).filter(
      ({ labels }) => labels.node !== undefined && (labels[toLabel] ?? '') !== '',
    )
    const pairs = Map.groupBy(there, ({ labels }) => `${labels.node} ${labels[toLabel]}`)
    return [...pairs.values()].flatMap((series) => {
      const labels = series[0]?.labels ?? {}
      return edge(labels.node ?? '', labels[toLabel] ?? '', kind, this.#doing(series))
    })
  }

  #doing(series: readonly Series[]): Doing {
    const buckets = this.#buckets(series)
    const inMs = (q: number) => {
      const seconds = quantile(q, buckets)
      return seconds === null ? null : seconds * 1_000
    }
    return {
      perS: this.#rate(series, rateMs),
      errorsPerS: this.#rate(series.filter(isError), rateMs) ?? 0,
      p50Ms: inMs(0.5),
      p99Ms: inMs(0.99),
    }
  }

  #rate(series: readonly Series[], spanMs: number): number | null {
    let gained = 0
    let known = 0
    for (const one of series) {
      if (one.role !== 'value' && one.role !== 'count') continue
      const gains = this.#gains(one, spanMs)
      gained += gains.gained
      known = Math.max(known, gains.known)
    }
    return known > 0 ? gained / (known / 1_000) : null
  }

  #buckets(series: readonly Series[]): Bucket[] {
    const counts = new Map<number, number>()
    for (const one of series) {
      if (one.role !== 'bucket' || one.le === null) continue
      const { gained } = this.#gains(one, quantileMs)
      counts.set(one.le, (counts.get(one.le) ?? 0) + gained)
    }
    return [...counts].map(([le, count]) => ({ le, count }))
  }

  /** The gains of the newest span before the newest reading of its target, which may be a moment ago. */
  #gains({ family, values }: Series, spanMs: number): { gained: number; known: number } {
    const { from, times } = this.#cut(family.target)
    const grid: Grid = { from: (times.at(-1) ?? 0) - spanMs, stepMs: spanMs, steps: 1 }
    const gains = noGains(grid)
    const cut = { times, values: values.slice(from) }
    addGains(gains, grid, { ...cut, gapMs: () => knownMs, bornAtZero: family.bornAtZero })
    return { gained: gains.gained[0] as number, known: gains.known[0] as number }
  }

  /** The newest readings of a target, and one more on either side of what is asked for. */
  #cut(target: Target): { from: number; times: readonly number[] } {
    const known = this.#cuts.get(target)
    if (known !== undefined) return known
    const since = (target.times.at(-1) ?? 0) - quantileMs
    let from = target.times.length - 1
    while (from > 0 && (target.times[from] as number) > since) from -= 1
    const cut = { from: Math.max(0, from), times: target.times.slice(Math.max(0, from)) }
    this.#cuts.set(target, cut)
    return cut
  }

  #names(metric: string, label: string): string[] {
    return [...this.#by(metric, label).keys()].filter((name) => name !== '').sort()
  }

  /** The series of a metric that are of a node, or go to it. */
  #of(metric: string, node: string, label = 'node'): readonly Series[] {
    return this.#by(metric, label).get(node) ?? []
  }

  #by(metric: string, label: string): ReadonlyMap<string, readonly Series[]> {
    const key = `${metric} ${label}`
    const known = this.#groups.get(key)
    if (known !== undefined) return known
    const groups = Map.groupBy(this.#series(metric), ({ labels }) => labels[label] ?? '')
    this.#groups.set(key, groups)
    return groups
  }

  /** The series of a metric that were there at the newest reading of a target that was read lately. */
  #series(metric: string): readonly Series[] {
    const found = this.#found.get(metric) ?? this.#find(metric)
    this.#found.set(metric, found)
    return found
  }

  #find(metric: string): readonly Series[] {
    return this.#metrics
      .families(metric)
      .filter(({ target }) => this.#isNew(target.times.at(-1)))
      .flatMap((family) => [...family.series.values()])
      .filter(({ values }) => values.length > 0 && !Number.isNaN(values.at(-1)))
  }

  #isNew(time: number | undefined): boolean {
    return time !== undefined && time > this.#now - knownMs
  }
}

const sumOf = (series: readonly Series[]): number | null =>
  series.length === 0
    ? null
    : series.reduce((sum, { values }) => sum + (values.at(-1) as number), 0)

const still = { errorsPerS: 0, p50Ms: null, p99Ms: null }

function edge(from: string, to: string, kind: FlowEdge['kind'], doing: Doing | null): FlowEdge[] {
  if (doing === null || doing.perS === null) return []
  const { perS, errorsPerS, p50Ms, p99Ms } = doing
  return [{ from, to, kind, perS, errorsPerS, p50Ms, p99Ms }]
}

/** An answer of 5xx or none, or an operation that failed. A 404 is an answer. */
function isError({ labels }: Series): boolean {
  const { banyan_answer: answer, http_response_status_code: status, error_type: type } = labels
  if (answer !== undefined) return answer === '5xx' || answer === 'aborted'
  if (status !== undefined && status !== '') return status.startsWith('5')
  return type !== undefined && type !== ''
}
