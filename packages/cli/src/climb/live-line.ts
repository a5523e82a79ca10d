/** What a line that is written over needs of a terminal. */
export type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>

const redrawEveryMs = 100

/** The last line of a terminal, written over while something goes on. Nothing of it in a file. */
export class LiveLine {
  readonly #screen: Screen
  #draw: (() => string) | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** Shows what `draw` says, again and again, until it is told otherwise. */
  show(draw: () => string): void {
    if (!this.#screen.isTTY) return
    this.#draw = draw
    this.#timer ??= setInterval(() => this.#redraw(), redrawEveryMs)
    this.#redraw()
  }

  /** Takes the line away. */
  clear(): void {
    this.#draw = null
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    this.#screen.write('\r\u001b[K')
  }

  /** Writes a line that stays, above the one that is written over. */
  print(text: string): void {
    const wipe = this.#draw === null ? '' : '\r\u001b[K'
    this.#screen.write(`${wipe}${text}\n`)
    this.#redraw()
  }

  #redraw(): void {
    if (this.#draw === null) return
    // A line that wraps could not be written over.
    const room = (this.#screen.columns || 80) - 1
    this.#screen.write(`\r${this.#draw().slice(0, room)}\u001b[K`)
  }
}
