import type { IncomingMessage, ServerResponse } from 'node:http'
import { type RequestContext, requestContext } from '../../packages/banyan/src/log.ts'
import {
  requestBegan,
  requestEnded,
  statementBegan,
  statementEnded,
  type Watcher,
  watch,
} from '../../packages/banyan/src/telemetry/watch.ts'

const requestsPerRun = 10_000
const runs = 40

const response = {
  headersSent: true,
  statusCode: 200,
  writableFinished: true,
  _header: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n',
} as unknown as ServerResponse
const client = { host: '127.0.0.1', port: 5_432 } as never
const statement = 'select title from articles where author_id = $1'

/**
 * What is told of requests with so many statements each costs a watcher, in microseconds of CPU per request:
 * the least of many runs, since whatever else goes on on a machine only adds. The way through the app and its
 * hooks is not in it; what that comes to as well is the difference that the mix shows.
 */
export function replay(watchers: readonly Watcher[], statementsPerRequest: number): number {
  const forget = watchers.map(watch)
  try {
    const taken = Array.from({ length: runs }, () => oneRun(statementsPerRequest))
    return Math.min(...taken)
  } finally {
    for (const one of forget) one()
  }
}

function oneRun(statementsPerRequest: number): number {
  const before = process.cpuUsage()
  for (let at = 0; at < requestsPerRun; at += 1) oneRequest(at, statementsPerRequest)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / requestsPerRun
}

function oneRequest(at: number, statements: number): void {
  const request = { method: 'GET', headers: {}, rawHeaders: [] } as unknown as IncomingMessage
  const context: RequestContext = { requestId: 'r', logger: undefined }
  const seen = requestBegan(request, response, context, performance.now())
  if (seen !== null) context.seen = seen
  requestContext.run(context, () => {
    for (let one = 0; one < statements; one += 1) {
      const sent = statementBegan(client, statement)
      if (sent !== null) statementEnded(sent, null, 'SELECT')
    }
  })
  if (seen === null) return
  seen.route = `/api/articles/${at % 20}`
  requestEnded(seen)
}
