import type { ClimbReport, ControlEvent } from '@banyan/control/api'
import type { BanyanError } from '@banyan/model'
import { paint, sayDuration } from '../paint.ts'
import { printError } from '../print-error.ts'
import { LiveLine, type Screen } from './live-line.ts'
import { sayLive, sayOutcome, saySpan, saySummary } from './say-report.ts'

type StepEvent = ControlEvent & { type: 'step' }

/** What people see of a climb: a line for each step when it ends, and one that lives while it goes on. */
export class ClimbScreen {
  readonly #live: LiveLine
  readonly #now: () => number
  /** Steps that have ended, whichever control did them. */
  #ended = 0

  /** `now` is a monotonic clock in milliseconds. */
  constructor(screen: Screen = process.stdout, now: () => number = () => performance.now()) {
    this.#live = new LiveLine(screen)
    this.#now = now
  }

  show(event: ControlEvent): void {
    const text = event.type === 'step' ? this.#takeStep(event) : describe(event)
    if (text !== null) this.#live.print(text)
  }

  lost(): void {
    this.#live.clear()
    this.#live.print(
      paint('yellow', '● Control has died; the app goes on. Waiting for the next one …'),
    )
  }

  found(): void {
    this.#live.print(paint('yellow', '● Control is back, and goes on with the climb.'))
  }

  turning(): void {
    this.#live.print('Going back. Press Ctrl-C again to leave; the climb goes back without you.')
  }

  finish(report: ClimbReport): void {
    this.#live.clear()
    const [head, ...why] = sayOutcome(report)
    if (head !== undefined) {
      this.#live.print(report.outcome === 'done' ? head : paint('red', head))
    }
    for (const text of why) this.#live.print(indent(text))
    if (report.steps.length === 0) return
    const live = sayLive(report)
    const mark = live === null ? '' : `${paint('green', '●')} ${live}: `
    this.#live.print(`${mark}${saySummary(report)}`)
  }

  left(error: BanyanError): void {
    this.#live.clear()
    printError(error, false)
  }

  /** Ends what would go on being drawn. */
  end(): void {
    this.#live.clear()
  }

  /** Each control and each way counts its own steps from one; here they are those of one climb. */
  #takeStep({ step, steps, sentence, outcome, ms }: StepEvent): string | null {
    const place = `${this.#ended + 1}/${this.#ended + steps - step + 1}`
    if (outcome === 'begun') {
      const began = this.#now()
      this.#live.show(() => `  ${place} ${sentence} ${saySpan(this.#now() - began)}`)
      return null
    }
    this.#ended += 1
    this.#live.clear()
    const mark = outcome === 'done' ? paint('green', '✓') : paint('red', '✗')
    return `${mark} ${place} ${sentence} ${paint('dim', sayDuration(ms ?? 0))}`
  }
}

function describe(event: ControlEvent): string | null {
  switch (event.type) {
    case 'climb':
      return describeClimb(event)
    case 'progress':
      return `    ${paint('dim', event.sentence)}`
    case 'node':
      // That nodes start and stop is told by the steps; what goes wrong is worth a line of its own.
      return event.health === 'failed' ? `${paint('yellow', '●')} ${event.sentence}` : null
    case 'stopping':
    case 'stopped':
      return event.sentence
    default:
      return null
  }
}

/** Its end is said by the report, with everything that belongs to it. */
function describeClimb({ outcome, sentence }: ControlEvent & { type: 'climb' }): string | null {
  if (outcome === 'begun') return sentence
  // The reason may have many lines; the report has them all.
  if (outcome === 'turned') return `${paint('yellow', '↩')} ${sentence.split('\n')[0]}`
  return null
}

const indent = (text: string) =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
