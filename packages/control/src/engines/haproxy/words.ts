/** One word of HAProxy's configuration, taken as it is. */
export const word = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`

/** The JSON that the gateway would say. */
export const errorBody = (code: string, message: string): string =>
  JSON.stringify({ error: { code, message } })

const json = `content-type ${word('application/json; charset=utf-8')}`
const noStore = 'hdr cache-control no-store'

/** An answer of HAProxy's own, as an action. */
export const answer = (status: number, body: string, ...headers: readonly string[]): string =>
  ['return status', status, json, 'string', word(body), noStore, ...headers].join(' ')

/** An answer of HAProxy's own, in place of one of its pages of errors. */
export const errorPage = (status: number, body: string, ...headers: readonly string[]): string =>
  ['http-error status', status, json, 'string', word(body), noStore, ...headers].join(' ')
