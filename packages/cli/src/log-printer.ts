import { prettify } from './log-line.ts'
import { colourOf, paint } from './paint.ts'

/** Prints the lines of several nodes, each behind its name. */
export class LogPrinter {
  readonly #json: boolean
  readonly #width: number

  constructor(nodes: readonly string[], json: boolean) {
    this.#json = json
    this.#width = Math.max(...nodes.map(({ length }) => length), 0)
  }

  print(node: string, line: string): void {
    const text = this.#json
      ? JSON.stringify({ type: 'log', node, line })
      : prettify(line)
          .split('\n')
          .map((part) => `${this.#front(node)} ${part}`)
          .join('\n')
    process.stdout.write(`${text}\n`)
  }

  #front(node: string): string {
    return `${paint(colourOf(node), node.padEnd(this.#width))} ${paint('dim', '│')}`
  }
}
