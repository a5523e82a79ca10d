/** Sets of labels that one metric may have. */
export const labelSetsMax = 2_000

/** What stands in every label of the one set that takes what is too much. */
const restLabel = '_OTHER'

export type Label = string | number
export type Labels = readonly [Label, Label, Label, Label]

type Level<T> = Map<Label, T>

/**
 * Something per set of at most four labels, as many sets as there may be. What comes beyond is in one set of
 * its own, so that sums stay true, and is counted. Found by one map per label: to make a key of all of them
 * costs more than what is counted with it.
 */
export class LabelSets<T> {
  /** How often a set was asked for that there was no room for. */
  dropped = 0
  readonly #make: () => T
  readonly #max: number
  readonly #root: Level<Level<Level<Level<T>>>> = new Map()
  readonly #all: { readonly labels: Labels; readonly value: T }[] = []
  #rest: T | null = null

  constructor(make: () => T, max = labelSetsMax) {
    this.#make = make
    this.#max = max
  }

  get(a: Label, b: Label = '', c: Label = '', d: Label = ''): T {
    const known = this.#root.get(a)?.get(b)?.get(c)?.get(d)
    return known === undefined ? this.#add([a, b, c, d]) : known
  }

  /** Every set so far, and what is there for it. */
  get all(): readonly { readonly labels: Labels; readonly value: T }[] {
    return this.#all
  }

  #add(labels: Labels): T {
    // The last place is that of the rest.
    if (this.#all.length >= this.#max - 1) return this.#beyond()
    const [a, b, c, d] = labels
    const value = this.#make()
    at(at(at(this.#root, a), b), c).set(d, value)
    this.#all.push({ labels, value })
    return value
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

function at<V>(level: Level<Map<Label, V>>, label: Label): Map<Label, V> {
  const known = level.get(label)
  if (known !== undefined) return known
  const made = new Map<Label, V>()
  level.set(label, made)
  return made
}
