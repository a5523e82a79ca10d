// Answers questions about logs, traces and events in a thread of its own, so that a search over a million lines
// keeps nobody from being read. It only reads; SQLite lets it beside the writer.
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { answerBusiness } from './business.ts'
import { readMarks } from './logs/marks.ts'
import { linesOfTrace, searchLogs } from './logs/search.ts'
import type { Question, ReaderReply, ReaderRequest } from './reader-protocol.ts'
import { ReadOnlyFile } from './sqlite/readable.ts'
import { troubleOf } from './sqlite/trouble.ts'
import { readTrace, searchTraces } from './traces/trace-file.ts'

const { directory } = workerData as { directory: string }
const logs = new ReadOnlyFile(join(directory, 'logs.db'))
const traces = new ReadOnlyFile(join(directory, 'traces.db'))

function answer(question: Question): unknown {
  switch (question.kind) {
    case 'logs':
      return searchLogs(logs, question.query)
    case 'traces':
      return { traces: searchTraces(traces, question.query) }
    case 'trace': {
      const trace = readTrace(traces, question.trace)
      return trace === null ? null : { ...trace, lines: linesOfTrace(logs, question.trace) }
    }
    case 'business':
      return answerBusiness(logs, question.metrics, question.now)
    case 'marks':
      return readMarks(logs, question.from, question.to)
  }
}

function reply({ id, question, generations }: ReaderRequest): ReaderReply {
  logs.follow(generations.logs)
  traces.follow(generations.traces)
  try {
    return { id, answer: answer(question) }
  } catch (error) {
    const { message } = error as Error
    const file = question.kind === 'traces' || question.kind === 'trace' ? 'traces' : 'logs'
    return { id, error: message, damaged: troubleOf(error) === 'damaged' ? file : null }
  }
}

parentPort?.on('message', (request: ReaderRequest) => parentPort?.postMessage(reply(request)))
