// A disk without room for the log: whoever serves goes on serving.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { freePort } from './gateway-setup.ts'

const skip = process.platform !== 'linux' && 'only Linux has /dev/full'

type Ended = readonly [code: number | null, signal: string | null]

/** Runs a program whose log has no room, asks it for answers, and ends it. */
async function onFullDisk(
  args: readonly string[],
  env: Record<string, string>,
  url: string,
): Promise<{ statuses: readonly number[]; ended: Ended }> {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', full, 'inherit'],
  })
  const exit = once(child, 'exit') as unknown as Promise<Ended>
  closeSync(full)
  const guard = setTimeout(() => child.kill('SIGKILL'), 15_000)
  try {
    await answers(url)
    const statuses: number[] = []
    for (let at = 0; at < 5; at++) {
      statuses.push((await fetch(url, { signal: AbortSignal.timeout(5_000) })).status)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    child.kill('SIGTERM')
    return { statuses, ended: await exit }
  } finally {
    clearTimeout(guard)
    child.kill('SIGKILL')
    await exit
  }
}

async function answers(url: string): Promise<void> {
  for (const until = performance.now() + 8_000; performance.now() < until; ) {
    const found = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null)
    if (found !== null) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${url} never answered`)
}

test('a web process answers, and ends in order, when its log cannot be written', {
  skip,
}, async () => {
  const port = await freePort()
  const script = `
    import { serve } from ${JSON.stringify(import.meta.resolve('banyan'))}
    await serve((request, response) => response.end('here'))`
  const { statuses, ended } = await onFullDisk(
    ['--input-type=module', '-e', script],
    { PORT: String(port) },
    `http://127.0.0.1:${port}/`,
  )
  assert.deepEqual(statuses, [200, 200, 200, 200, 200])
  assert.deepEqual(ended, [0, null])
})
