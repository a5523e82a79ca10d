import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { defaultLimits } from '../store-file.ts'
import { temporaryFolder, until } from '../testing/temporary.ts'
import { Registry } from './registry.ts'
import { Scraper } from './scraper.ts'

async function answering(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function scraping(t: TestContext, targetsFile: string) {
  const registry = new Registry(defaultLimits)
  let samples = 0
  const scraper = new Scraper({
    registry,
    targetsFile,
    tokenFor: () => 'secret',
    now: Date.now,
    onSamples: (count) => {
      samples += count
    },
    everyMs: 100,
    timeoutMs: 60,
  })
  scraper.start()
  t.after(() => scraper.stop())
  return { scraper, registry, samples: () => samples }
}

const entry = (address: string, node: string) => ({ targets: [address], labels: { node } })

test('a target that hangs is given up, asked once at a time, and costs the others nothing', async (t) => {
  const targetsFile = join(temporaryFolder(t), 'targets.json')
  let open = 0
  let most = 0
  const hangs = await answering(t, (request) => {
    most = Math.max(most, ++open)
    request.socket.once('close', () => --open)
  })
  const answers = await answering(t, ({ headers }, response) => {
    response.end(headers.authorization === 'Bearer secret' ? 'a 1\n' : 'wrong token\n')
  })
  writeFileSync(targetsFile, JSON.stringify([entry(hangs, 'web-1'), entry(answers, 'web-2')]))
  const { scraper, registry, samples } = scraping(t, targetsFile)
  await until('ten samples of the other', () => samples() >= 10)
  assert.match(scraper.failures.get(hangs) ?? '', /no answer within/)
  assert.equal(scraper.failures.get(answers), undefined)
  assert.equal(most, 1)
  const times = registry.targets().map((target) => target.times.length)
  assert.equal(times[0], 0)
  assert.ok((times[1] ?? 0) >= 10)
})

test('the targets are read again when their file is another one, and one that cannot be read changes nothing', async (t) => {
  const targetsFile = join(temporaryFolder(t), 'targets.json')
  const first = await answering(t, (_, response) => response.end('a 1\n'))
  const second = await answering(t, (_, response) => response.end('b 1\n'))
  const { registry } = scraping(t, targetsFile)
  const count = (node: string) =>
    registry.targets().find(({ labels }) => labels.node === node)?.times.length ?? 0
  writeFileSync(targetsFile, JSON.stringify([entry(first, 'web-1')]))
  await until('samples of the first', () => count('web-1') > 1)
  writeFileSync(targetsFile, '[{"targets": ["127.0')
  const before = count('web-1')
  await until('more of the first', () => count('web-1') > before + 8)
  writeFileSync(targetsFile, JSON.stringify([entry(second, 'web-2')]))
  await until('samples of the second', () => count('web-2') > 1)
  const after = count('web-1')
  await until('more of the second', () => count('web-2') > 5)
  assert.equal(count('web-1'), after)
})
