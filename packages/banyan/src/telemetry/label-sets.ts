/** Sets of labels that one metric may have. */
export const labelSetsMax = 2_000

/** What stands in every label of the one set that takes what is too much. */
const restLabel = '_OTHER'

export type Label = string | number
export type Labels = readonly [Label, Label, Label, Label]

type Level<T> = Map<Label, T>

type Entry<T> = { readonly labels: Labels; readonly value: T }

/**
 * Something per set of at most four labels, as many sets as there may be. What comes beyond is in one set of
 * its own, so that sums stay true, and is counted. Found by one map per label: to make a key of all of them
 * costs more than what is counted with it. Mostly it is the set of the last time, which is looked at first.
 */
export class LabelSets<T> {
  /** How often a set was asked for that there was no room for. */
  dropped = 0
  readonly #make: () => T
  readonly #max: number
  readonly #root: Level<Level<Level<Level<Entry<T>>>>> = new Map()
  readonly #all: Entry<T>[] = []
  #last: Entry<T> | null = null
  #rest: T | null = null

  constructor(make: () => T, max = labelSetsMax) {
    this.#make = make
    this.#max = max
  }

  get(a: Label, b: Label = '', c: Label = '', d: Label = ''): T {
    const last = this.#last
    if (last !== null && isOf(last.labels, a, b, c, d)) return last.value
    const known = this.#root.get(a)?.get(b)?.get(c)?.get(d)
    if (known === undefined) return this.#add([a, b, c, d])
    this.#last = known
    return known.value
  }

  /** Every set so far, and what is there for it. */
  get all(): readonly Entry<T>[] {
    return this.#all
  }

  #add(labels: Labels): T {
    // The last place is that of the rest.
    if (this.#all.length >= this.#max - 1) return this.#beyond()
    const [a, b, c, d] = labels
    const entry = { labels, value: this.#make() }
    at(at(at(this.#root, a), b), c).set(d, entry)
    this.#all.push(entry)
    return entry.value
  }

  #beyond(): T {
    this.dropped += 1
    if (this.#rest === null) {
      this.#rest = this.#make()
      const labels = [restLabel, restLabel, restLabel, restLabel] as const
      this.#all.push({ labels, value: this.#rest })
    }
    return this.#rest
  }
}

const isOf = (labels: Labels, a: Label, b: Label, c: Label, d: Label): boolean =>
  labels[0] === a && labels[1] === b && labels[2] === c && labels[3] === d

function at<V>(level: Level<Map<Label, V>>, label: Label): Map<Label, V> {
  const known = level.get(label)
  if (known !== undefined) return known
  const made = new Map<Label, V>()
  level.set(label, made)
  return made
}
