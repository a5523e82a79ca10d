import assert from 'node:assert/strict'
import { type ClientRequest, request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { signIn } from './test-client.ts'
import { type MadeUpConsole, type MadeUpOptions, serveMadeUp } from './testing.ts'
import type { LiveMessage } from './types.ts'

type Told = { readonly id: string; readonly message: LiveMessage }

/** A page that follows: what it was told, in order. */
class Page {
  readonly told: Told[] = []
  /** How often something arrived. */
  arrivals = 0
  ended = false
  readonly #asked: ClientRequest

  constructor(port: number, cookie: string, lastId?: string) {
    const headers = { cookie, ...(lastId !== undefined && { 'last-event-id': lastId }) }
    const path = '/api/live'
    this.#asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let rest = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        this.arrivals += 1
        const parts = (rest + text).split('\n\n')
        rest = parts.pop() ?? ''
        for (const part of parts) this.#take(part)
      })
      response.once('close', () => {
        this.ended = true
      })
    })
    this.#asked.on('error', () => {})
    this.#asked.end()
  }

  #take(part: string): void {
    const id = /^id: (.*)$/m.exec(part)?.[1]
    const data = /^data: (.*)$/m.exec(part)?.[1]
    if (id !== undefined && data !== undefined) this.told.push({ id, message: JSON.parse(data) })
  }

  of<Type extends LiveMessage['type']>(type: Type): Extract<LiveMessage, { type: Type }>[] {
    return this.told
      .map(({ message }) => message)
      .filter((message): message is Extract<LiveMessage, { type: Type }> => message.type === type)
  }

  async until(fits: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 30_000
    while (!fits()) {
      assert.ok(performance.now() < deadline, `${what}: ${JSON.stringify(this.told).slice(0, 500)}`)
      await sleep(10)
    }
  }

  leave(): void {
    this.#asked.destroy()
  }
}

async function open(t: TestContext, options: MadeUpOptions): Promise<[MadeUpConsole, string]> {
  const made = await serveMadeUp({ assets: null, ...options })
  t.after(async () => await made.stop())
  return [made, await signIn(made)]
}

const noFlow = { flow: async () => null }

test('a page is told everything first, and then only what is other than before', async (t) => {
  const [made, cookie] = await open(t, { nodes: 5, parts: noFlow })
  made.system.events.add({ type: 'progress', sentence: 'Said before.' })
  const page = new Page(made.port, cookie)
  await page.until(() => page.of('hello').length === 1, 'hello')
  const [hello] = page.of('hello')
  assert.equal(hello?.state.system, 'made-up')
  assert.equal(hello?.state.status.nodes.length, 5)
  assert.deepEqual(
    hello?.state.events.map(({ sentence }) => sentence),
    ['Said before.'],
  )
  made.system.become('web-1', { health: 'failed', sentence: 'web-1 has failed.' })
  // The time that they are up goes on by itself, and is no news.
  for (const { name } of made.system.nodes) made.system.become(name, { uptimeMs: 99_000 })
  await page.until(() => page.of('nodes').length === 1, 'nodes')
  const [changed] = page.of('nodes')
  assert.deepEqual(
    changed?.nodes.map(({ name, health }) => [name, health]),
    [['web-1', 'failed']],
  )
  assert.deepEqual(changed?.gone, [])
  made.system.remove('db-1')
  await page.until(() => page.of('nodes').length === 2, 'gone')
  assert.deepEqual(page.of('nodes')[1], { type: 'nodes', nodes: [], gone: ['db-1'] })
  await page.until(() => page.of('status').length === 1, 'the sentence has another number')
  await sleep(600)
  assert.equal(page.told.length, 4)
  page.leave()
})

test('what control says arrives at once, once, and in order, also for a page that comes in between', async (t) => {
  const [made, cookie] = await open(t, { nodes: 2, parts: noFlow })
  const page = new Page(made.port, cookie)
  await page.until(() => page.of('hello').length === 1, 'hello')
  const say = (number: number) =>
    made.system.events.add({ type: 'progress', sentence: String(number) })
  const began = performance.now()
  for (let number = 0; number < 40; number += 1) say(number)
  const late = new Page(made.port, cookie)
  for (let number = 40; number < 80; number += 1) {
    say(number)
    await sleep(2)
  }
  const all = Array.from({ length: 80 }, (_, number) => String(number))
  await page.until(() => page.of('event').length === 80, 'events')
  assert.ok(performance.now() - began < 2_000)
  assert.deepEqual(
    page.of('event').map(({ event }) => event.sentence),
    all,
  )
  const heard = () => [
    ...(late.of('hello')[0]?.state.events ?? []).map(({ sentence }) => sentence),
    ...late.of('event').map(({ event }) => event.sentence),
  ]
  await late.until(() => heard().length >= 80, 'all of them')
  assert.deepEqual(heard(), all)
  page.leave()
  late.leave()
})

test('a page that comes again is told what it missed, and of another control everything', async (t) => {
  const [made, cookie] = await open(t, { nodes: 3, parts: noFlow })
  const first = new Page(made.port, cookie)
  await first.until(() => first.of('hello').length === 1, 'hello')
  made.system.events.add({ type: 'progress', sentence: 'heard' })
  await first.until(() => first.of('event').length === 1, 'event')
  const last = first.told.at(-1)?.id ?? ''
  first.leave()
  await sleep(50)
  made.system.events.add({ type: 'progress', sentence: 'missed' })
  made.system.become('web-1', { health: 'failed' })
  const again = new Page(made.port, cookie, last)
  await again.until(() => again.of('nodes').length === 1, 'what was missed')
  assert.equal(again.of('hello').length, 0)
  assert.deepEqual(
    again.of('event').map(({ event }) => event.sentence),
    ['missed'],
  )
  const [epoch, number] = last.split('.')
  const strangers = [
    `other.${number}`,
    `${epoch}.99999`,
    `${epoch}.-1`,

    'nonsense',
    '',
  ]
  for (const id of strangers) {
    const page = new Page(made.port, cookie, id)
    await page.until(() => page.told.length > 0, id)
    assert.equal(page.told[0]?.message.type, 'hello', id)
    page.leave()
  }
  again.leave()
})

test('a page that missed more than is kept is told everything anew', async (t) => {
  const [made, cookie] = await open(t, { nodes: 3, parts: noFlow })
  const first = new Page(made.port, cookie)
  await first.until(() => first.told.length === 1, 'hello')
  const last = first.told[0]?.id ?? ''
  const sentence = 'x'.repeat(20_000)
  for (let count = 0; count < 100; count += 1) {
    made.system.events.add({ type: 'progress', sentence: `${count} ${sentence}` })
    if (count % 10 === 0) await sleep(60)
  }
  await first.until(() => first.of('event').length === 100, 'events')
  first.leave()
  const again = new Page(made.port, cookie, last)
  await again.until(() => again.told.length > 0, 'an answer')
  assert.equal(again.told[0]?.message.type, 'hello')
  again.leave()
})

test('200 nodes that change 500 times a second make a few messages a second, and cost little', async (t) => {
  const [made, cookie] = await open(t, { nodes: 200, changesPerS: 500 })
  const pages = [1, 2, 3].map(() => new Page(made.port, cookie))
  for (const page of pages) await page.until(() => page.of('hello').length === 1, 'hello')
  const counts = pages.map(({ told }) => told.length)
  const looks = made.system.looks
  const cpu = process.cpuUsage()
  const began = performance.now()
  await sleep(3_000)
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const perS = pages.map(({ told }, at) => (told.length - (counts[at] ?? 0)) / seconds)
  for (const rate of perS) assert.ok(rate >= 2 && rate <= 10, `${rate} messages a second`)
  assert.ok((made.system.looks - looks) / seconds <= 5)
  // Three pages that read are in this very process, and count as well.
  const share = (user + system) / 1e6 / seconds
  t.diagnostic(
    `${perS.map((rate) => rate.toFixed(1)).join(', ')} messages/s, ${share.toFixed(3)} CPUs`,
  )
  assert.ok(share < 0.2, `${share} CPUs`)
  assert.ok(pages.every((page) => page.of('flow').length >= 2))
  for (const page of pages) page.leave()
})

test('nothing is looked at while nobody watches', async (t) => {
  const [made] = await open(t, { nodes: 3 })
  await sleep(600)
  assert.equal(made.system.looks, 0)
})

test('the store is asked once at a time, and a page is told once that it is away', async (t) => {
  let asked = 0
  let under = 0
  let most = 0
  const flow = async () => {
    asked += 1
    under += 1
    most = Math.max(most, under)
    await sleep(1_500)
    under -= 1
    return null
  }
  const [made, cookie] = await open(t, { nodes: 1, parts: { flow } })
  const page = new Page(made.port, cookie)
  await sleep(3_000)
  assert.equal(most, 1)
  assert.ok(asked <= 3)
  assert.equal(page.of('flow').length, 0)
  page.leave()
})

test('for a page that takes nothing at most a little more than a megabyte waits, and then it gets everything anew', async (t) => {
  const [made, cookie] = await open(t, { nodes: 50, parts: noFlow })
  const socket = connect({ host: '127.0.0.1', port: made.port })
  t.after(() => socket.destroy())
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  socket.write(
    `GET /api/live HTTP/1.1\r\nhost: 127.0.0.1:${made.port}\r\ncookie: ${cookie}\r\n\r\n`,
  )
  while (!text.includes('"hello"')) await sleep(10)
  socket.pause()
  const sentence = 'y'.repeat(100_000)
  for (let count = 0; count < 600; count += 1) {
    made.system.events.add({ type: 'progress', sentence: `${count} ${sentence}` })
    if (count % 10 === 0) await sleep(10)
  }
  made.system.become('web-1', { sentence: 'web-1 is the last word.' })
  await sleep(300)
  text = ''
  socket.resume()
  const deadline = performance.now() + 30_000
  while (!text.includes('the last word') && performance.now() < deadline) await sleep(10)
  // What had gone into buffers of the kernel comes first; then everything, instead of what was missed.
  const anew = text.lastIndexOf('"hello"')
  assert.ok(anew >= 0 && text.indexOf('the last word') > anew, 'everything anew')
  const sent = text.match(/"type":"event"/g)?.length ?? 0
  assert.ok(sent < 300, `${sent} of 600 events were kept for it`)
})

test('a control that ends lets its pages go', async (t) => {
  const [made, cookie] = await open(t, { nodes: 1, parts: noFlow })
  const page = new Page(made.port, cookie)
  await page.until(() => page.told.length > 0, 'hello')
  await made.stop()
  await page.until(() => page.ended, 'the end')
})
