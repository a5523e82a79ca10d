import type {
  ControlEvent,
  Flow,
  LiveMessage,
  LiveState,
  NodeStatus,
  Status,
} from '@banyan/control/api'
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type FaultsOn, faultsAfter } from './faults-on.ts'
import { addPending, eventsMax, nothingPending, type Pending } from './pending.ts'

export type Load = Flow['nodes'][string]

/** What of a node decides where it is drawn. */
export type PlacedNode = Pick<NodeStatus, 'name' | 'tier' | 'role' | 'engine' | 'host'>

export type LiveStatus = Omit<Status, 'nodes'>

/**
 * What is now, in signals as fine as what is drawn from them: a node that changes has one card drawn anew.
 * Messages are taken at any pace, and shown at that of `schedule`, which is the browser's frames.
 */
export class LiveStore {
  readonly system = signal('')
  readonly status = signal<LiveStatus | null>(null)
  /** The nodes that there are; another value only when one comes, goes or is placed anew. */
  readonly placed = signal<readonly PlacedNode[]>([])
  /** Oldest first. */
  readonly events = signal<readonly ControlEvent[]>([])
  /** The newest second; null while it is not known. */
  readonly flow = signal<Flow | null>(null)
  readonly faults = signal<FaultsOn>(new Map())
  readonly #nodes = new Map<string, Signal<NodeStatus | null>>()
  readonly #loads = new Map<string, Signal<Load | null>>()
  /** When each node was begun, by the clock of this page: what control says of it is true for the moment of its word. */
  readonly #begunAt = new Map<string, number | null>()
  readonly #schedule: (flush: () => void) => void
  readonly #clock: () => number
  #pending: Pending = nothingPending()
  #isScheduled = false

  constructor(schedule: (flush: () => void) => void, clock: () => number = Date.now) {
    this.#schedule = schedule
    this.#clock = clock
  }

  /** A node as it is; null where there is none of that name. */
  node(name: string): ReadonlySignal<NodeStatus | null> {
    return madeIn(this.#nodes, name)
  }

  /** What a node has to do in the newest second; null while it is not known. */
  load(name: string): ReadonlySignal<Load | null> {
    return madeIn(this.#loads, name)
  }

  /** How long a node has run; null where it does not run. */
  uptimeMs(name: string, now: number): number | null {
    const begunAt = this.#begunAt.get(name) ?? null
    return begunAt === null ? null : Math.max(0, now - begunAt)
  }

  /** All nodes as they are. Whoever reads it in a component draws that anew with every change of any node. */
  get nodes(): readonly NodeStatus[] {
    return this.placed.value.flatMap(({ name }) => this.node(name).value ?? [])
  }

  take(message: LiveMessage): void {
    this.#pending = addPending(this.#pending, message)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#schedule(() => this.flush())
  }

  /** Shows what has come. */
  flush(): void {
    const pending = this.#pending
    this.#pending = nothingPending()
    this.#isScheduled = false
    batch(() => this.#show(pending))
  }

  /** What was known of the newest second is known no more: nothing old is shown as if it were new. */
  forgetFlow(): void {
    this.#pending.flow = undefined
    batch(() => this.#showFlow(null))
  }

  #show({ hello, status, nodes, events, flow }: Pending): void {
    if (hello !== null) this.#begin(hello)
    if (status !== null) this.status.value = status
    if (nodes.size > 0) this.#showNodes(nodes)
    if (events.length > 0) this.#showEvents(events)
    if (flow !== undefined) this.#showFlow(flow)
  }

  #begin({ system, status, events, flow }: LiveState): void {
    const { nodes, ...rest } = status
    this.system.value = system
    this.status.value = rest
    const named = new Set(nodes.map(({ name }) => name))
    const changes = new Map<string, NodeStatus | null>()
    for (const { name } of this.placed.peek()) if (!named.has(name)) changes.set(name, null)
    for (const node of nodes) changes.set(node.name, node)
    this.#showNodes(changes)
    this.placed.value = nodes.map(placeOf)
    this.events.value = events
    this.faults.value = events.reduce(faultsAfter, new Map())
    this.#showFlow(flow)
  }

  #showNodes(changes: ReadonlyMap<string, NodeStatus | null>): void {
    for (const [name, node] of changes) {
      const uptimeMs = node?.uptimeMs ?? null
      this.#begunAt.set(name, uptimeMs === null ? null : this.#clock() - uptimeMs)
      madeIn(this.#nodes, name).value = node
    }
    const before = this.placed.peek()
    const after = placedAfter(before, changes)
    if (after !== before) this.placed.value = after
  }

  #showEvents(events: readonly ControlEvent[]): void {
    this.events.value = [...this.events.peek(), ...events].slice(-eventsMax)
    this.faults.value = events.reduce(faultsAfter, this.faults.peek())
  }

  #showFlow(flow: Flow | null): void {
    this.flow.value = flow
    for (const [name, load] of this.#loads) load.value = flow?.nodes[name] ?? null
    for (const [name, load] of Object.entries(flow?.nodes ?? {}))
      madeIn(this.#loads, name).value = load
  }
}

/** The nodes that are placed after some have changed; the same list where that changes nothing. */
function placedAfter(
  placed: readonly PlacedNode[],
  changes: ReadonlyMap<string, NodeStatus | null>,
): readonly PlacedNode[] {
  let isOther = false
  const known = new Set(placed.map(({ name }) => name))
  const kept = placed.flatMap((old) => {
    const change = changes.get(old.name)
    if (change === undefined) return [old]
    if (change !== null && isPlacedAlike(old, change)) return [old]
    isOther = true
    return change === null ? [] : [placeOf(change)]
  })
  const added = [...changes.values()].flatMap((node) =>
    node === null || known.has(node.name) ? [] : [placeOf(node)],
  )
  return isOther || added.length > 0 ? [...kept, ...added] : placed
}

const placeOf = ({ name, tier, role, engine, host }: NodeStatus): PlacedNode => ({
  name,
  tier,
  role,
  engine,
  host,
})

const isPlacedAlike = (one: PlacedNode, other: PlacedNode): boolean =>
  one.tier === other.tier &&
  one.role === other.role &&
  one.engine === other.engine &&
  one.host === other.host

function madeIn<Value>(
  signals: Map<string, Signal<Value | null>>,
  name: string,
): Signal<Value | null> {
  const found = signals.get(name)
  if (found !== undefined) return found
  const made = signal<Value | null>(null)
  signals.set(name, made)
  return made
}
