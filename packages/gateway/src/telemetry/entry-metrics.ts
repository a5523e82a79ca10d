import { Histogram, type MetricsText, requestBuckets } from '@banyan/model'
import { answerClass, answerClasses, type Outcome } from './outcome.ts'

/** Sets of labels that the times of servers may take. What comes beyond is counted and left out. */
const seriesMax = 2_000

type Times = Map<number | string, Histogram>

/** What the entry counts: requests by how they ended, and the times of the servers behind it. */
export class EntryMetrics {
  /** Times that were measured and not kept. */
  dropped = 0
  readonly #requests = new Map<string, Map<string, number>>()
  readonly #servers = new Map<string, Map<string, Times>>()
  #series = 0

  /** A request is over. The service is empty where no server was meant. */
  ended(service: string, outcome: Outcome): void {
    const answers = entry(this.#requests, service, newMap<number>)
    const answer = answerClass(outcome)
    answers.set(answer, (answers.get(answer) ?? 0) + 1)
  }

  /** An attempt at a server is over: with a status, or because of something. */
  answered(node: string, service: string, answer: number | string, ms: number): void {
    const times = entry(entry(this.#servers, node, newMap<Times>), service, newTimes)
    const known = times.get(answer)
    if (known !== undefined) known.observe(ms / 1_000)
    else if (this.#series >= seriesMax) this.dropped += 1
    else {
      const histogram = new Histogram(requestBuckets)
      histogram.observe(ms / 1_000)
      times.set(answer, histogram)
      this.#series += 1
    }
  }

  /**
   * These services may be asked. What has not happened yet is told as 0: of a counter that is there only once it
   * has counted, nobody could tell that it grew.
   */
  expect(services: Iterable<string>): void {
    for (const service of services) {
      const answers = entry(this.#requests, service, newMap<number>)
      for (const answer of answerClasses) answers.set(answer, answers.get(answer) ?? 0)
    }
  }

  /** Nodes that are gone are not spoken of any more, or their number would grow for ever. */
  keep(nodes: ReadonlySet<string>): void {
    for (const [node, services] of this.#servers) {
      if (nodes.has(node)) continue
      for (const times of services.values()) this.#series -= times.size
      this.#servers.delete(node)
    }
  }

  addTo(text: MetricsText): void {
    for (const [service, answers] of this.#requests) {
      for (const [answer, count] of answers) {
        const labels = { banyan_service: service, banyan_answer: answer }
        text.add('banyan_entry_requests_total', count, labels)
      }
    }
    for (const [node, services] of this.#servers) {
      for (const [service, times] of services) this.#addTimes(text, node, service, times)
    }
  }

  #addTimes(text: MetricsText, node: string, service: string, times: Times): void {
    for (const [answer, histogram] of times) {
      const isStatus = typeof answer === 'number'
      text.addHistogram('http_client_request_duration_seconds', histogram, {
        server_address: node,
        banyan_service: service,
        http_response_status_code: isStatus ? String(answer) : '',
        error_type: isStatus && answer < 500 ? '' : String(answer),
      })
    }
  }
}

const newMap = <V>(): Map<string, V> => new Map()
const newTimes = (): Times => new Map()

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
