/** Asks the server that the page came from. What it refuses comes as an `ApiError`, in the server's words. */

export type ApiErrorBody = {
  readonly code: string
  readonly message: string
  readonly hint: string | null
  /** What a program may read of it: of a statement, the `position` of its error. */
  readonly details?: Readonly<Record<string, unknown>>
}

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, body: ApiErrorBody) {
    super(body.message)
    this.name = 'ApiError'
    this.status = status
    this.code = body.code
    this.hint = body.hint
    this.details = body.details ?? {}
  }
}

/**
 * The answer to `GET <path>`.
 *
 * @throws ApiError what the server says, or that it gives no answer.
 */
export const get = <Answer>(path: string, signal?: AbortSignal): Promise<Answer> =>
  ask<Answer>(path, { method: 'GET', ...(signal === undefined ? {} : { signal }) })

/**
 * The answer to `POST <path>` with a body of JSON.
 *
 * @throws ApiError what the server says, or that it gives no answer.
 */
export const post = <Answer>(
  path: string,
  body: unknown = {},
  signal?: AbortSignal,
): Promise<Answer> =>
  ask<Answer>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })

async function ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(path, { credentials: 'same-origin', ...init }).catch((error) => {
    if (error instanceof Error && error.name === 'AbortError') throw error
    throw new ApiError(0, silence)
  })
  const text = await response.text()
  const body = parse(text)
  if (response.ok) return body as Answer
  throw new ApiError(response.status, errorIn(body) ?? unexpected(response.status))
}

const silence: ApiErrorBody = {
  code: 'NO_ANSWER',
  message: 'Control gives no answer.',
  hint: 'See in a terminal whether it runs: "banyan status".',
}

const unexpected = (status: number): ApiErrorBody => ({
  code: `HTTP_${status}`,
  message: `The server answered ${status} without a reason.`,
  hint: status === 401 ? 'Run "banyan console" for a new address.' : null,
})

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** The error in an answer, where it is in the shape that control uses. */
function errorIn(body: unknown): ApiErrorBody | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null
  const { error } = body
  if (typeof error !== 'object' || error === null || !('message' in error)) return null
  const { code, message, hint, details } = error as Partial<ApiErrorBody>
  return {
    code: String(code ?? 'UNKNOWN'),
    message: String(message),
    hint: hint ?? null,
    details: details ?? {},
  }
}

/** Whatever was thrown, as something that can be shown. */
export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(0, { code: 'PAGE', message: String(error), hint: null })
