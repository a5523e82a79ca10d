import type { ClimbReport, ControlEvent } from '@banyan/control/api'

import type { BanyanError } from '@banyan/model'
import { printError } from '../print-error.ts'

/** A climb for programs: one object per line, the report last. */
export class ClimbLines {
  show(event: ControlEvent): void {
    print(event)
  }

  lost(): void {
    print({ type: 'control', outcome: 'lost', sentence: 'Control has died; the app goes on.' })
  }

  found(): void {
    print({ type: 'control', outcome: 'found', sentence: 'Control is back.' })
  }

  turning(): void {
    // The event of the climb that turns says it.
  }

  finish(report: ClimbReport): void {
    print(report)
  }

  left(error: BanyanError): void {
    printError(error, true)
  }

  end(): void {
    // Nothing is drawn.
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
