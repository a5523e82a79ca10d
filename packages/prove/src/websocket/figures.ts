import { FailuresByCause } from '../engine/failures-by-cause.ts'
import { makeHistogram } from '../engine/figures.ts'

/** What is counted of all WebSockets together. */
export class WebSocketFigures {
  opened = 0
  closedWell = 0
  messages = 0
  pings = 0
  readonly failures = new FailuresByCause()
  /** From a ping to its pong. */
  readonly latency = makeHistogram()
}
