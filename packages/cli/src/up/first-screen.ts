import type { ControlEvent } from '@banyan/control/api'
import { paint, sayDuration } from '../paint.ts'

/** What `up` shows while it starts, and what control says later. */
export class FirstScreen {
  readonly #json: boolean
  readonly #detach: boolean
  #ready = false
  #stopping = false
  #changing = false

  constructor({ json, detach }: { readonly json: boolean; readonly detach: boolean }) {
    this.#json = json
    this.#detach = detach
  }

  begin(system: string, rungs: readonly string[]): void {
    if (!this.#json) this.#line(`${paint('bold', system)} on ${rungs.join(', ')}\n`)
  }

  /** A restart runs what is live; whoever has edited the code meanwhile may expect it. */
  differs(changed: readonly string[]): void {
    const sentence = `The code here differs from the release that runs: ${sayFew(changed)}. "banyan release" brings it live.`
    const event = { at: new Date().toISOString(), type: 'differs', changed, sentence }
    this.#line(this.#json ? JSON.stringify(event) : `${paint('yellow', '●')} ${sentence}`)
  }

  stopping(): void {
    this.#stopping = true
  }

  /** What no control can say: that it has died. */
  say(outcome: 'lost' | 'stopped', sentence: string): void {
    const event = { at: new Date().toISOString(), type: 'control', outcome, sentence }
    this.#line(this.#json ? JSON.stringify(event) : `${paint('yellow', '●')} ${sentence}`)
  }

  show(event: ControlEvent): void {
    const text = this.#json ? JSON.stringify(event) : this.#describe(event)
    if (text !== null) this.#line(text)
  }

  #describe(event: ControlEvent): string | null {
    switch (event.type) {
      case 'step':
        return this.#describeStep(event)
      case 'progress':
        return `    ${paint('dim', event.sentence)}`
      case 'node':
        return this.#describeNode(event)
      case 'ready':
        // The next control has taken over.
        if (this.#ready) return `${paint('green', '●')} ${event.sentence}`
        this.#ready = true
        return this.#welcome(event)
      case 'change':
        return this.#describeChange(event)
      case 'climb':
        return event.outcome === 'begun' ? null : `${paint('cyan', '↕')} ${event.sentence}`
      case 'fault':
      case 'promotion':
        return `${paint('yellow', '●')} ${event.sentence}`
      case 'failed':
        // The error itself comes at the very end, where nobody has to look for it.
        return this.#ready
          ? `${paint('red', '✗')} ${event.sentence} It is tried again.`
          : `${paint('red', '✗')} It does not come up. What this "up" started is being stopped.`
      case 'stopping':
      case 'stopped':
        return event.sentence
    }
  }

  /** A step is one line, written when it ends; a climb down is not worth one. */
  #describeStep(event: ControlEvent & { type: 'step' }): string | null {
    if (event.outcome === 'begun' || this.#ready || this.#stopping) return null
    const done = event.outcome === 'done'
    const mark = done ? paint('green', '✓') : paint('red', '✗')
    return `${mark} ${event.sentence} ${paint('dim', sayDuration(event.ms ?? 0))}`
  }

  /** While it starts the steps tell the story; only what goes wrong is worth another line. */
  #describeNode(event: ControlEvent & { type: 'node' }): string | null {
    const isNews = this.#ready ? !this.#stopping && !this.#changing : event.health === 'failed'
    if (!isNews) return null
    const colour = event.health === 'healthy' ? 'green' : 'yellow'
    return `${paint(colour, '●')} ${event.sentence}`
  }

  /** One line for a change that went well; what went wrong is said whole, but for the log lines above it. */
  #describeChange({ outcome, sentence, error }: ControlEvent & { type: 'change' }): string | null {
    this.#changing = outcome === 'begun'
    if (outcome === 'begun') return null
    if (error === null) return `${paint('cyan', '↻')} ${sentence}`
    const [head = '', ...rest] = sentence.split('\n')
    const isLogged = error.code === 'BANYAN_SERVICE_CRASHED'
    const lines = isLogged ? [] : rest
    const hint = error.hint === null ? [] : [error.hint]
    const first = isLogged ? head.replace(/ Its last lines:$/, '') : head
    return [`${paint('red', '✗')} ${first}`, ...lines, ...hint.map((text) => `  ${text}`)].join(
      '\n',
    )
  }

  #welcome({ url, consoleUrl = null, ms }: ControlEvent & { type: 'ready' }): string {
    const lines = ['', `${paint('green', '●')} Ready in ${sayDuration(ms)}.`]
    if (url !== null) lines.push(`  ${paint('bold', url)}`)
    if (consoleUrl !== null) {
      lines.push(
        '',
        '  See it, and grow it, on its console:',
        `  ${paint('bold', consoleUrl)}`,
        paint('dim', '  for one use; "banyan console" prints another'),
      )
    }
    lines.push(
      '',
      this.#detach
        ? paint('dim', '  Look inside: banyan status, banyan logs, banyan sql. Stop: banyan down')
        : paint('dim', '  Look inside: banyan status, banyan logs, banyan sql. Stop: Ctrl-C'),
      '',
    )
    return lines.join('\n')
  }

  #line(text: string): void {
    process.stdout.write(`${text}\n`)
  }
}

/** The first few of many. */
function sayFew(paths: readonly string[]): string {
  const few = paths.slice(0, 3)
  const more = paths.length - few.length
  return more === 0 ? few.join(', ') : `${few.join(', ')} and ${more} more`
}
