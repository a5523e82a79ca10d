import { answer, errorBody, word } from './words.ts'

export const reserved = errorBody('NOT_FOUND', 'Paths under /-/ belong to Banyan.')
const onlyReading = errorBody('METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.')
const own = '{ path_beg /-/ }'

/** What `/-/ready` answers, under a condition or always. */
export function readyLines(condition = ''): string[] {
  const rest = condition === '' ? '' : ` ${condition}`
  return [
    `http-request ${answer(503, '{"ready":false}', 'hdr banyan-ready false')} if { stopping }${rest}`,
    `http-request ${answer(200, '{"ready":true}', 'hdr banyan-ready true')}${rest && ` if${rest}`}`,
  ]
}

/** What `/-/` answers in public; the path of proofs goes to a server. */
export const ownLines = [
  `http-request ${answer(404, reserved)} if ${own} !{ path /-/live /-/ready /-/prove }`,
  `http-request ${answer(405, onlyReading, `hdr allow ${word('GET, HEAD')}`)} if ${own} !{ path /-/prove } !METH_GET !METH_HEAD`,
  `http-request ${answer(200, '{"live":true}')} if ${own} { path /-/live }`,
  ...readyLines(`${own} { path /-/ready }`),
]
