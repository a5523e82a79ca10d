import { log } from 'banyan'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { problemOfDatabase } from './database-errors.ts'
import { invalid, notFound, Problem } from './problem.ts'
import { unavailable } from './unavailable.ts'

/** Every error of every route becomes an answer here, in the shape that the API specifies. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const problem = problemOf(error)
    if (problem === null) return answerFault(error, reply)
    return answer(problem, reply)
  })
  app.setNotFoundHandler((_request, reply) => answer(notFound('path'), reply))
}

/** Known refusals; null means that something is wrong with us. */
function problemOf(error: FastifyError): Problem | null {
  if (error instanceof Problem) return error
  return problemOfDatabase(error) ?? unavailable(error) ?? problemOfRequest(error)
}

/** What Fastify found wrong with the request before a handler saw it. */
function problemOfRequest({ code, statusCode = 500 }: FastifyError): Problem | null {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem(413, { body: ['is too large'] })
  if (code?.startsWith('FST_ERR_CTP')) return invalid({ body: ['must be JSON'] })
  if (statusCode >= 400 && statusCode < 500)
    return new Problem(statusCode, { request: ['is invalid'] })
  return null
}

function answerFault(error: FastifyError, reply: FastifyReply) {
  log().error({ err: error }, 'request failed')
  return answer(new Problem(500, { server: ['has failed, and said so in its log'] }), reply)
}

const answer = ({ status, errors, headers }: Problem, reply: FastifyReply) =>
  reply.code(status).headers(headers).send({ errors })
