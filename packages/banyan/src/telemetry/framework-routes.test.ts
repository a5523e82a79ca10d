import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { App } from '../serve/app.ts'
import { serve } from '../serve/serve.ts'
import { expressRoute } from './express-route.ts'
import { watch } from './watch.ts'

process.env.LOG_LEVEL = 'silent'
process.env.PORT = '0'

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-routes-'))
  const path = join(folder, 'system.json')
  const traces = { share: 0, slowMs: 500 }
  const telemetry = { otlp: null, traces, metricsToken: 'letmein' }
  const file = { format: 1, system: { services: [] }, shards: [], connectionsMax: 1, telemetry }
  await writeFile(path, JSON.stringify(file))
  process.env.BANYAN_SYSTEM = path
})
after(() => rm(folder, { recursive: true, force: true }))

/** The routes that requests got, `404 ""` where there is none. */
async function routesOf(app: App, paths: readonly string[]): Promise<readonly string[]> {
  const handle = await serve(app, { ownProcess: false, limits: { keepAliveTimeoutMs: 50 } })
  const routes: string[] = []
  const forget = watch({
    requestEnded: ({ status, route }) => void routes.push(`${status} ${JSON.stringify(route)}`),
  })
  for (const path of paths) {
    await (await fetch(`${handle.url}${path}`, { headers: { connection: 'close' } })).text()
    // The end of an answer is seen by the server a moment after its client.
    while (routes.length < paths.indexOf(path) + 1) await new Promise(setImmediate)
  }
  forget()
  await handle.stop()
  return routes
}

test('a route of Fastify is its template, with the prefix of its plugin', async () => {
  const app = Fastify()
  app.get('/notes/:id', async () => 'note')
  void app.register(
    (inner, _options, done) => {
      inner.addHook('onRequest', (request, reply, next) => {
        if (request.url.includes('refused')) void reply.code(401).send('no')
        else next()
      })
      inner.get('/users/:name/*', async () => 'user')
      done()
    },
    { prefix: '/api' },
  )
  assert.deepEqual(
    await routesOf(app, [
      '/notes/7?token=hush',
      '/api/users/ann/x/y',
      '/api/users/refused/x',
      '/no',
    ]),
    ['200 "/notes/:id"', '200 "/api/users/:name/*"', '401 "/api/users/:name/*"', '404 ""'],
  )
})

test('a route of a Fastify app that was made ready before it was served is known too', async () => {
  const app = Fastify()
  await app.register((inner, _options, done) => {
    inner.get('/early/:id', async () => 'early')
    done()
  })
  const loaded = Fastify()
  loaded.get('/ready/:id', async () => 'ready')
  await loaded.ready()
  assert.deepEqual(await routesOf(app, ['/early/7', '/no']), ['200 "/early/:id"', '404 ""'])
  assert.deepEqual(await routesOf(loaded, ['/ready/7']), ['200 "/ready/:id"'])
})

test('a route of Express is its template, with those of the routers around it', async () => {
  const app = express()
  const inner = express.Router()
  const deep = express.Router({ mergeParams: true })
  const sub = express()
  app.get('/notes/:id', (_request, response) => void response.send('note'))
  app.get(/^\/any.*$/, (_request, response) => void response.send('any'))
  deep.get('/', (_request, response) => void response.send('deep'))
  deep.get('/item/:item', (_request, response) => void response.send('item'))
  inner.use('/of/:user', deep)
  sub.get('/page/:page', (_request, response) => void response.send('page'))
  app.use('/api', inner)
  app.use('/sub/:tenant', sub)
  assert.deepEqual(
    await routesOf(app, [
      '/notes/7?token=hush',
      '/anything-at-all',
      '/API/of/ann/item/9',
      '/api/of/ann',
      '/sub/acme/page/3',
      '/nothing/here',
    ]),
    [
      '200 "/notes/:id"',
      '200 "/^\\\\/any.*$/"',
      '200 "/api/of/:user/item/:item"',
      '200 "/api/of/:user"',
      '200 "/sub/:tenant/page/:page"',
      '404 ""',
    ],
  )
})

test('Express 4 keeps regular expressions, of which the templates are read', () => {
  const route = { path: '/item/:item' }
  const request = (mount: object) => {
    const own = { ...route }
    const router = Object.assign(() => {}, { stack: [{ route: own, handle: () => {} }] })
    const app = Object.assign(() => {}, {
      path: () => '',
      _router: { stack: [{ ...mount, handle: router }] },
    })
    return expressRoute({ route: own, app } as never)
  }
  const users = /^\/users\/(?:([^/]+?))\/v1\.0\/?(?=\/|$)/i
  assert.equal(request({ regexp: users, keys: [{ name: 'id' }] }), '/users/:id/v1.0/item/:item')
  const root = Object.assign(/^\/?(?=\/|$)/i, { fast_slash: true })
  assert.equal(request({ regexp: root, keys: [] }), '/item/:item')
  assert.equal(request({ regexp: /^\/x.*/, keys: [] }), '', 'a pattern of somebody’s own')
  assert.equal(request({}), '', 'nothing is known of where it was mounted')
})

test('a route of Hono is its template, whatever middleware stands before it', async () => {
  const app = new Hono()
  const inner = new Hono()
  app.use('*', async (_c, next) => next())
  app.get('/notes/me', (c) => c.text('me'))
  app.get('/notes/:id', (c) => c.text('note'))
  inner.get('/users/:name', (c) => c.text('user'))
  app.route('/api', inner)
  app.all('/all/*', (c) => c.text('all'))
  assert.deepEqual(
    await routesOf(app, [
      '/notes/7?token=hush',
      '/notes/me',
      '/api/users/ann',
      '/all/of/it',
      '/nothing',
    ]),
    ['200 "/notes/:id"', '200 "/notes/me"', '200 "/api/users/:name"', '200 "/all/*"', '404 ""'],
  )
})

test('a listener, a fetch handler and a server say nothing of routes', async () => {
  const listener = (_request: unknown, response: { end(text: string): unknown }) => {
    response.end('x')
  }
  const fetching = { fetch: (_request: Request) => new Response('x') }
  for (const app of [listener as App, fetching, createServer(listener)]) {
    assert.deepEqual(await routesOf(app, ['/notes/7']), ['200 ""'])
  }
})
