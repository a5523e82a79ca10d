/** What is wrong, by the name of the field or of the resource: `{ title: ["can't be blank"] }`. */
export type Faults = Record<string, string[]>

/** A request that is refused: thrown by handlers, turned into an answer in one place. */
export class Problem extends Error {
  readonly status: number
  readonly errors: Faults
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, errors: Faults, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(errors))
    this.name = 'Problem'
    this.status = status
    this.errors = errors
    this.headers = headers
  }
}

export const invalid = (errors: Faults) => new Problem(422, errors)
export const missingToken = () => new Problem(401, { token: ['is missing'] })
export const badToken = () => new Problem(401, { token: ['is invalid'] })
export const badCredentials = () => new Problem(401, { credentials: ['invalid'] })
export const forbidden = (resource: string) => new Problem(403, { [resource]: ['forbidden'] })
export const notFound = (resource: string) => new Problem(404, { [resource]: ['not found'] })
export const taken = (field: string) => new Problem(409, { [field]: ['has already been taken'] })

/** Too much work is waiting already: come back in a moment, rather than wait for long. */
export const busy = (retryAfterSeconds: number) =>
  new Problem(
    503,
    { server: ['is busy, try again in a moment'] },
    { 'retry-after': `${retryAfterSeconds}` },
  )
