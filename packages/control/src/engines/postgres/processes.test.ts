import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { isAlive, parseLsof, processesIn } from './processes.ts'

test('the output of lsof names the processes of one directory, and of those below it', () => {
  const output = 'p10\nfcwd\nn/srv/data\np11\nfcwd\nn/srv/data/base\np12\nfcwd\nn/srv/data2\n'
  assert.deepEqual(parseLsof(output, '/srv/data'), [10, 11])
  assert.deepEqual(parseLsof('', '/srv/data'), [])
})

test('a process is alive until it has ended', async () => {
  const child = spawn('sleep', ['30'])
  assert.equal(isAlive(child.pid ?? 0), true)
  child.kill()
  await once(child, 'exit')
  assert.equal(isAlive(child.pid ?? 0), false)
})

test('a zombie is not alive', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async () => {
  // The shell becomes `sleep`, which never asks after the child that it inherits.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30'])
  try {
    const [line] = await once(parent.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, 300))
    process.kill(Number(line), 0)
    assert.equal(isAlive(Number(line)), false)
  } finally {
    parent.kill()
  }
})

test('nobody works in a directory that does not exist', async () => {
  assert.deepEqual(await processesIn('/no/such/directory'), [])
})
