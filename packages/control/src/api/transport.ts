import type { IncomingMessage } from 'node:http'
import { BanyanError } from '@banyan/model'
import { request } from '../node-http.ts'
import { errorOf } from './report.ts'
import type { ErrorReport } from './types.ts'

const answerMs = 5_000
const slow = `it gave no answer in ${answerMs / 1000} s; it may be paused, or the machine very busy`

/** One request over control's socket; the answer's body is not read yet. */
export async function ask(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, agent: false }, resolve)
    // What control is told to do may take its time; what it is asked, it knows.
    if (method === 'GET') asked.setTimeout(answerMs, () => asked.destroy(new Error(slow)))
    asked.once('response', () => asked.setTimeout(0))
    asked.once('error', (cause) => reject(silent(cause)))
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** One request and its JSON answer; an error that control reports is thrown here. */
export async function askJson<Answer>(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await ask(socketPath, method, path, body)
  const text = await readAll(response)
  const answer = JSON.parse(text) as Answer | { error: ErrorReport }
  if (response.statusCode === 200) return answer as Answer
  throw errorOf((answer as { error: ErrorReport }).error)
}

/** Each line of an answer that goes on, as JSON, until it ends. */
export async function* readLines<Line>(response: IncomingMessage): AsyncGenerator<Line> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as Line
    }
  } catch (error) {
    // A control that dies in the middle ends the stream; who reads it asks why.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) text += chunk
  } catch (cause) {
    throw silent(cause)
  }
  return text
}

function silent(cause: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The control process does not answer: ${(cause as Error).message}.`,
    { hint: 'Look at control.log in the state directory, and run "banyan up" again.', cause },
  )
}
