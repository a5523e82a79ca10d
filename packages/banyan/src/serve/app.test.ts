import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { test } from 'node:test'
import type { BanyanError } from '@banyan/model'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { type App, classifyApp } from './app.ts'

// Every one of these is also a check that the type of `serve` takes it.
const known: readonly (readonly [App, string])[] = [
  [Fastify(), 'fastify'],
  [express(), 'express'],
  [new Hono(), 'fetch'],
  [{ fetch: () => new Response() }, 'fetch'],
  [(_request: Request) => new Response(), 'fetch'],
  [async (_request: Request) => new Response(), 'fetch'],
  [(_request: unknown, _response: unknown) => {}, 'listener'],
  [(_request: unknown, _response: unknown, _next: unknown) => {}, 'listener'],
  [createServer(), 'server'],
]

for (const [app, kind] of known) {
  test(`${app.constructor.name} ${String(app).slice(0, 40)} is taken as ${kind}`, () => {
    assert.equal(classifyApp(app).kind, kind)
  })
}

test('a fetch handler keeps the object that it belongs to', () => {
  class Handler {
    readonly text = 'mine'
    fetch(): Response {
      return new Response(this.text)
    }
  }
  const found = classifyApp(new Handler())
  assert.equal(found.kind, 'fetch')
  assert.doesNotThrow(() => (found.app as () => Response)())
})

const unknown: readonly (readonly [unknown, RegExp, RegExp])[] = [
  [undefined, /was given undefined;/, /Pass the app itself/],
  [3000, /was given 3000;/, /Pass the app itself/],
  [{ port: 1 }, /a Object with port/, /Pass the app itself/],
  [() => {}, /declares no parameters/, /\(request, response\)/],
  [(..._all: unknown[]) => {}, /declares no parameters/, /fetch: handler/],
  [Promise.resolve(), /a promise/, /serve\(await app\)/],
  [{ callback: () => {}, middleware: [] }, /a Koa app/, /app\.callback\(\)/],
  [createTlsServer(), /a TLS server/, /http\.Server/],
]

for (const [value, message, hint] of unknown) {
  test(`what is no app is refused by what it is: ${message.source}`, () => {
    assert.throws(
      () => classifyApp(value),
      (error: BanyanError) => {
        assert.equal(error.code, 'BANYAN_SERVE_UNKNOWN_APP')
        assert.match(error.message, message)
        assert.match(error.message, /a Fastify instance, an Express app/)
        assert.match(String(error.hint), hint)
        return true
      },
    )
  })
}
