import type { Refusal } from '../http/answer.ts'

export const noRoute: Refusal = {
  status: 404,
  code: 'BANYAN_GATEWAY_NO_ROUTE',
  message: 'No service answers this path.',
}

export const reserved: Refusal = {
  status: 404,
  code: 'NOT_FOUND',
  message: 'Paths under /-/ belong to Banyan.',
}

export const onlyReading: Refusal = {
  status: 405,
  code: 'METHOD_NOT_ALLOWED',
  message: 'Only GET and HEAD are answered here.',
  headers: ['allow', 'GET, HEAD'],
}

export const noServer = (service: string): Refusal => ({
  status: 503,
  code: 'BANYAN_GATEWAY_NO_SERVER',
  message: `No server of ${service} is ready. Try again soon.`,
  headers: ['retry-after', '1'],
})

export const serverLost: Refusal = {
  status: 502,
  code: 'BANYAN_GATEWAY_SERVER_LOST',
  message:
    'The server went away before it had answered. Whether it did what was asked is not known.',
}

export const badAnswer: Refusal = {
  status: 502,
  code: 'BANYAN_GATEWAY_ANSWER_INVALID',
  message: 'The server answered with something that is not valid HTTP.',
}

export const serverLate: Refusal = {
  status: 504,
  code: 'BANYAN_GATEWAY_ANSWER_LATE',
  message: 'The server did not answer in time. Whether it did what was asked is not known.',
}

export const bodyTooLarge = ({ bodyBytesMax }: { readonly bodyBytesMax: number }): Refusal => ({
  status: 413,
  code: 'BANYAN_BODY_TOO_LARGE',
  message: `The body is larger than ${bodyBytesMax} bytes.`,
})

export const malformedRequest = (why: string): Refusal => ({
  status: 400,
  code: 'BANYAN_REQUEST_MALFORMED',
  message: `The request is not valid HTTP. ${why}`.trim(),
})
