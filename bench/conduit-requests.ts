import { randomFrom } from '../apps/conduit/src/seed/random.ts'

/** What the requests of the mix are made of: real slugs, names and tags, and tokens of real users. */
export type Material = {
  readonly slugs: readonly string[]
  readonly usernames: readonly string[]
  readonly tags: readonly string[]
  readonly tokens: readonly string[]
}

type Kind = (material: Material, pick: Pick) => Request
type Pick = <T>(from: readonly T[]) => T
type Request = { method: string; path: string; token?: string; body?: unknown }

const encode = encodeURIComponent
const article = (slug: string) => `/api/articles/${encode(slug)}`

/** Shares in percent: 60 listings and feeds, 30 article reads, 10 writes. */
const mix: readonly (readonly [share: number, kind: Kind])[] = [
  [15, () => ({ method: 'GET', path: '/api/articles' })],
  [10, (m, pick) => ({ method: 'GET', path: '/api/articles', token: pick(m.tokens) })],
  [10, (m, pick) => ({ method: 'GET', path: `/api/articles?tag=${encode(pick(m.tags))}` })],
  [
    10,
    (m, pick) => ({
      method: 'GET',
      path: `/api/articles?author=${encode(pick(m.usernames))}`,
      token: pick(m.tokens),
    }),
  ],
  [15, (m, pick) => ({ method: 'GET', path: '/api/articles/feed', token: pick(m.tokens) })],
  [13, (m, pick) => ({ method: 'GET', path: article(pick(m.slugs)) })],
  [12, (m, pick) => ({ method: 'GET', path: article(pick(m.slugs)), token: pick(m.tokens) })],
  [5, (m, pick) => ({ method: 'GET', path: `${article(pick(m.slugs))}/comments` })],
  [
    4,
    (m, pick) => ({
      method: 'POST',
      path: `${article(pick(m.slugs))}/favorite`,
      token: pick(m.tokens),
    }),
  ],
  [
    3,
    (m, pick) => ({
      method: 'POST',
      path: `${article(pick(m.slugs))}/comments`,
      token: pick(m.tokens),
      body: { comment: { body: 'Read with pleasure.' } },
    }),
  ],
  [
    2,
    (m, pick) => ({
      method: 'POST',
      path: `/api/profiles/${encode(pick(m.usernames))}/follow`,
      token: pick(m.tokens),
    }),
  ],
  [
    1,
    (m, pick) => ({
      method: 'POST',
      path: '/api/articles',
      token: pick(m.tokens),
      body: {
        article: { title: 'A bench', description: 'To sit', body: 'Wood', tagList: [pick(m.tags)] },
      },
    }),
  ],
]

/** A hundred kinds, each as often as its share says. */
const kinds = mix.flatMap(([share, kind]) => Array.from({ length: share }, () => kind))

/** The requests of the mix as they go over the wire, the same for the same seed. */
export function* requestsOf(material: Material, seed: number): Generator<Buffer> {
  const random = randomFrom(seed, 'mix')
  const pick: Pick = (from) => from[random.below(from.length)] as (typeof from)[number]
  for (;;) yield wire(pick(kinds)(material, pick))
}

function wire({ method, path, token, body }: Request): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: conduit',
    ...(token === undefined ? [] : [`authorization: Token ${token}`]),
    ...(text === '' ? [] : ['content-type: application/json']),
    ...(method === 'GET' ? [] : [`content-length: ${Buffer.byteLength(text)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`)
}
