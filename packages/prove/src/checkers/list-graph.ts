/** Why one transaction must come before another. */
export const dependencies = ['ww', 'wr', 'rw', 'time'] as const
export type Dependency = (typeof dependencies)[number]

/** Numbers of nodes, and edges with their kinds as bits: `1 << dependencies.indexOf(kind)`. */
export type Graph = {
  readonly nodes: number
  /** Where the edges of each node begin in `to`, with one more at the end. */
  readonly starts: Int32Array
  readonly to: Int32Array
  readonly kinds: Uint8Array
}

/** Collects edges, which become a graph that is fast to walk. */
export class GraphBuilder {
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #kinds: number[] = []
  #nodes: number

  constructor(nodes: number) {
    this.#nodes = nodes
  }

  /** A node that is no transaction: it bundles edges that would be too many one by one. */
  addNode(): number {
    this.#nodes += 1
    return this.#nodes - 1
  }

  addEdge(from: number, to: number, kind: Dependency): void {
    if (from === to) return
    this.#from.push(from)
    this.#to.push(to)
    this.#kinds.push(bitOf(kind))
  }

  build(): Graph {
    const starts = new Int32Array(this.#nodes + 1)
    for (const from of this.#from) starts[from + 1] = (starts[from + 1] ?? 0) + 1
    for (let node = 0; node < this.#nodes; node += 1) {
      starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0)
    }
    const next = starts.slice()
    const to = new Int32Array(this.#to.length)
    const kinds = new Uint8Array(this.#to.length)
    for (const [edge, from] of this.#from.entries()) {
      const at = next[from] ?? 0
      next[from] = at + 1
      to[at] = this.#to[edge] ?? 0
      kinds[at] = this.#kinds[edge] ?? 0
    }
    return { nodes: this.#nodes, starts, to, kinds }
  }
}

/** Some kinds of dependencies as one number. */
export const bitsOf = (...kinds: readonly Dependency[]): number =>
  kinds.reduce((bits, kind) => bits | bitOf(kind), 0)

const bitOf = (kind: Dependency): number => 1 << dependencies.indexOf(kind)

/** The kind that a bit stands for. */
export const kindOf = (bit: number): Dependency => dependencies[31 - Math.clz32(bit)] ?? 'time'
