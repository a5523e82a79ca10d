import { EventLog } from '../../api/events.ts'
import type { Controlled } from '../../api/server.ts'
import type { NodeStatus, Status } from '../../api/types.ts'
import type { Flow } from '../types.ts'
import { madeUpFlow } from './flow.ts'
import { madeUpNodes, seeded } from './nodes.ts'

/** A system that nobody runs: it has as many nodes as are wanted, and they change as they are told to. */
export class MadeUpSystem {
  readonly events = new EventLog(() => {})
  /** What was asked of it, in order: `kill web-3`. */
  readonly asked: string[] = []
  /** What is wrong, as somebody who watches would say. */
  alerts: NonNullable<Status['alerts']> = []
  /** How often its status was looked at. */
  looks = 0
  readonly #random: () => number
  #nodes: readonly NodeStatus[]
  /** Those that somebody had be otherwise: they stay so, while all others change in turn. */
  readonly #kept = new Set<string>()
  #turn = 0

  constructor(options: { readonly nodes: number; readonly seed?: number }) {
    this.#random = seeded(options.seed ?? 1)
    this.#nodes = madeUpNodes(options.nodes)
  }

  get nodes(): readonly NodeStatus[] {
    return this.#nodes
  }

  /** Changes so many nodes, in turn: how far a replica is behind, or what is said of a process. */
  change(count: number): void {
    const nodes = [...this.#nodes]
    for (let index = 0; index < count; index += 1) {
      const at = this.#turn++ % nodes.length
      const node = nodes[at]
      if (node !== undefined && !this.#kept.has(node.name)) nodes[at] = this.#changed(node)
    }
    this.#nodes = nodes
  }

  #changed(node: NodeStatus): NodeStatus {
    if (node.role === 'replica') return { ...node, lagBytes: Math.floor(this.#random() * 1e7) }
    const health = this.#random() < 0.05 ? 'starting' : 'healthy'
    return { ...node, health, sentence: `${node.name} is ${health} at look ${this.#turn}.` }
  }

  /** Has one node be otherwise, for good. */
  become(name: string, changed: Partial<NodeStatus>): void {
    this.#kept.add(name)
    this.#nodes = this.#nodes.map((node) => (node.name === name ? { ...node, ...changed } : node))
  }

  remove(name: string): void {
    this.#nodes = this.#nodes.filter((node) => node.name !== name)
  }

  flow(at = Date.now()): Flow {
    return madeUpFlow(this.#nodes, this.#random, at)
  }

  status(): Status {
    this.looks += 1
    const count = this.#nodes.length
    return {
      rungs: ['single', 'balanced', 'replicated'],
      version: 1,
      release: 'r1',
      url: 'http://127.0.0.1:8080',
      consoleUrl: null,
      climb: null,
      nodes: this.#nodes,
      ...(this.alerts.length > 0 && { alerts: this.alerts }),
      sentence: `made-up is up: ${count} of ${count} nodes are healthy.`,
    }
  }

  /** What the console asks; whatever changes something is only written down. */
  get control(): Controlled {
    const note = <Answer>(what: string, answer: Answer) => {
      this.asked.push(what)
      return Promise.resolve(answer)
    }
    const fault = (fault: 'killed' | 'paused' | 'resumed' | 'partitioned' | 'healed') => {
      return (node: string) => {
        this.events.add({ type: 'fault', node, fault, sentence: `${node} is ${fault}.` })
        return note(`${fault} ${node}`, { node, pid: 1 })
      }
    }
    return {
      events: this.events,
      status: () => this.status(),
      releases: () => ({ live: 'r1', undo: null, releases: [] }),
      kill: fault('killed'),
      pause: fault('paused'),
      resume: fault('resumed'),
      partition: fault('partitioned'),
      heal: fault('healed'),
      consoleToken: async () => ({ url: '' }),
      down: async () => await note('down', undefined),
      change: async () => await note('change', undefined),
      attend: async () => ({ mode: 'up', narrow: false, stopping: false }),
      release: async () => ({ stopped: false }),
      switchover: async ({ to }) =>
        await note(`switchover ${to}`, {
          from: 'db-1',
          to: to ?? 'db-2',
          term: 2,
          pauseMs: 1,
          totalMs: 2,
          sentence: 'db-2 takes the writes.',
        }),
      loss: async (to) => ({ to: to ?? 'db-2', missing: [], keptLsn: '0/0', sentence: 'Nothing.' }),
      climb: async ({ direction, rungs }) =>
        await note([direction, ...rungs].join(' '), { climb: 'c-1' }),
      climbEnd: async () => await Promise.reject(new Error('no climb here ends')),
      turnBack: async (climb) => await note(`turn ${climb}`, undefined),
    }
  }
}
