import { troubleOf } from './sqlite/trouble.ts'

/** What is wrong now, by the part that has it; said in sentences, and logged when it begins and ends. */
export class TroubleBoard {
  readonly #sentences = new Map<string, string>()
  readonly #onChange: (sentence: string, isOver: boolean) => void

  constructor(onChange: (sentence: string, isOver: boolean) => void) {
    this.#onChange = onChange
  }

  /** Null: that part works. */
  set(part: string, error: unknown): void {
    const before = this.#sentences.get(part)
    const sentence = error === null ? undefined : sentenceOf(part, error)
    if (sentence === before) return
    if (sentence === undefined) this.#sentences.delete(part)
    else this.#sentences.set(part, sentence)
    this.#onChange(sentence ?? before ?? '', sentence === undefined)
  }

  get sentence(): string | null {
    return this.#sentences.size === 0 ? null : [...this.#sentences.values()].join(' ')
  }
}

function sentenceOf(part: string, error: unknown): string {
  const { message } = error as Error
  if (troubleOf(error) === 'full')
    return `The disk of the store is full (${part}): what is newest stays in memory, and writing is tried again.`
  return `The store cannot write ${part}: ${message}.`
}
