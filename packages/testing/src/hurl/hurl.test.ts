import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseHurl } from './parse.ts'
import { failureOf } from './predicates.ts'
import { runHurlText } from './run.ts'

const realworld = fileURLToPath(new URL('../../../../../shared/realworld/hurl', import.meta.url))

const suite = `# makes a thing
POST {{host}}/things
Authorization: Token secret-{{uid}}
{
  "name": "n_{{uid}}"
}
HTTP 201
[Captures]
id: jsonpath "$.thing.id"
[Asserts]
jsonpath "$.thing.name" == "n_{{uid}}"
jsonpath "$.thing.tags" count == 2
jsonpath "$.thing.tags" contains "b"
jsonpath "$.thing.gone" not exists

GET {{host}}/things/{{id}}
HTTP 200
[Asserts]
jsonpath "$.thing.id" == {{id}}
jsonpath "$.thing.at" matches "^\\\\d{4}-"
`

const thing = { id: 7, name: 'n_u1', tags: ['a', 'b'], at: '2026-01-01' }

describe('the hurl runner', () => {
  let server: Server
  let host = ''
  let answer: (method: string) => { status: number; body: unknown }

  before(async () => {
    server = createServer((request, response) => {
      const { status, body } = answer(request.method ?? '')
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  const run = () => runHurlText(suite, 'things.hurl', { host, uid: 'u1' })
  const right = (method: string) => ({ status: method === 'POST' ? 201 : 200, body: { thing } })

  it('passes a server that answers rightly, and counts every check', async () => {
    answer = right
    assert.deepEqual(await run(), {
      files: 1,
      requests: 2,
      statusChecks: 2,
      bodyChecks: 6,
      failures: [],
    })
  })

  const wrongs: [string, (method: string) => { status: number; body: unknown }, RegExp][] = [
    [
      'a wrong status',
      () => ({ status: 200, body: { thing } }),
      /:2: POST .* expected status 201, found 200/,
    ],
    [
      'a wrong value',
      (m) => ({ ...right(m), body: { thing: { ...thing, name: 'other' } } }),
      /:11: .*expected == "n_u1", found "other"/,
    ],
    [
      'a wrong count',
      (m) => ({ ...right(m), body: { thing: { ...thing, tags: ['b'] } } }),
      /:12: .*expected count == 2, found 1/,
    ],
    [
      'a missing element',
      (m) => ({ ...right(m), body: { thing: { ...thing, tags: ['a', 'c'] } } }),
      /:13: .*contains "b"/,
    ],
    [
      'a value that should be absent',
      (m) => ({ ...right(m), body: { thing: { ...thing, gone: 1 } } }),
      /:14: .*not exists, found 1/,
    ],
    [
      'a number that is a text',
      (m) => (m === 'GET' ? { ...right(m), body: { thing: { ...thing, id: '7' } } } : right(m)),
      /:19: .*expected == 7, found "7"/,
    ],
    [
      'a wrong pattern',
      (m) => ({ ...right(m), body: { thing: { ...thing, at: 'now' } } }),
      /:20: .*matches/,
    ],
    ['nothing to capture', (m) => ({ ...right(m), body: {} }), /:9: .*nothing to capture/],
    ['a body that is not JSON', (m) => ({ ...right(m), body: undefined }), /nothing to capture/],
  ]
  for (const [what, wrong, expected] of wrongs) {
    it(`fails ${what}`, async () => {
      answer = wrong
      const { failures } = await run()
      assert.ok(
        failures.some((failure) => expected.test(failure)),
        failures.join('\n') || 'no failure',
      )
    })
  }

  it('fails "not exists" on an answer that is no JSON', async () => {
    const text = 'GET {{host}}/\nHTTP 200\n[Asserts]\njsonpath "$.a" not exists\n'
    answer = () => ({ status: 200, body: undefined })
    const { failures } = await runHurlText(text, 'x.hurl', { host, uid: 'u1' })
    assert.match(failures.join(), /x\.hurl:4: .*expected JSON/)
  })

  it('fails when nobody answers, and says at which request', async () => {
    const gone = createServer()
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
    const closed = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`
    await new Promise((resolve) => gone.close(resolve))
    const { failures } = await runHurlText(suite, 'x.hurl', { host: closed, uid: 'u1' })
    assert.match(failures.join(), /^x\.hurl:2: POST .*found none: .*ECONNREFUSED/)
  })

  it('fails when an answer takes too long', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const slow = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const options = { host: slow, uid: 'u1', timeoutMs: 50 }
    const { failures } = await runHurlText(suite, 'x.hurl', options)
    silent.closeAllConnections()
    silent.close()
    assert.match(failures.join(), /found none: .*timeout/)
  })

  it('fails "not isEmpty" of a value that is absent', () => {
    const [exchange] = parseHurl('GET /\nHTTP 200\n[Asserts]\njsonpath "$.a" not isEmpty\n', 'x')
    assert.match(String(failureOf(exchange?.checks[0] as never, {}, null)), /found nothing/)
  })

  it('refuses what it does not understand instead of passing over it', () => {
    for (const line of [
      'jsonpath "$.a" isPurple',
      'xpath "//a" == 1',
      'jsonpath "$.a" ==',
      'status == 200',
    ]) {
      const text = `GET /\nHTTP 200\n[Asserts]\n${line}\n`
      assert.throws(() => parseHurl(text, 'x.hurl'), /x\.hurl:4: not understood/)
    }
  })

  it('reads all 154 requests and 384 body checks of the RealWorld suite', {
    skip: existsSync(realworld) ? false : 'the RealWorld suite is not here',
  }, () => {
    const exchanges = readdirSync(realworld)
      .filter((name) => name.endsWith('.hurl'))
      .flatMap((name) => parseHurl(readFileSync(`${realworld}/${name}`, 'utf8'), name))
    assert.equal(exchanges.length, 154)
    assert.equal(exchanges.flatMap((exchange) => exchange.checks).length, 384)
  })
})
