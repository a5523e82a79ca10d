import type { IncomingMessage, ServerResponse } from 'node:http'
import { readSystemFile } from '../data/system-file.ts'
import { rootLogger } from '../log.ts'
import type { CallerSession } from './caller-session.ts'
import { openSession } from './carry.ts'
import { keepSessions } from './kept.ts'

/** Opens the session of a request. */
export type SessionOf = (request: IncomingMessage, response: ServerResponse) => CallerSession

/**
 * How `serve` keeps sessions, where the app asks for them and the system has a secret to sign with. Where it
 * has none, `session` reads are as strong as they are without sessions, and the log says so.
 */
export function offerSessions(asked: boolean, systemFile: string | undefined): SessionOf | null {
  if (!asked || systemFile === undefined || systemFile === '') return null
  const { sessionSecret: secret, node } = readSystemFile(systemFile)
  if (secret === undefined || secret === '') {
    rootLogger().warn('the system has no secret for sessions; `session` reads are `strong` ones')
    return null
  }
  keepSessions()
  return (request, response) => openSession(request, response, secret, node)
}
