import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, makeApp, type TestApp } from './support/banyan.ts'

/* The build of a release, whose control dies in the middle of it. */

let app: TestApp
before(async () => {
  app = await makeApp({
    'banyan.config.ts': `export default {
      name: 'tiny', services: { mail: { run: 'node mail.mjs', build: 'node build.mjs' } } }\n`,
    'mail.mjs': 'setInterval(() => {}, 1000)\n',
    'build.mjs': '',
  })
  await app.banyan('up', '--detach')
})
after(async () => await app.remove())

const building = `import { appendFileSync } from 'node:fs'
appendFileSync('begun.txt', process.pid + '\\n')
setTimeout(() => appendFileSync('built.txt', process.pid + '\\n'), 5000)
`

/** The lines of a file that builds write, in whichever snapshot they write it. */
async function linesOf(name: string): Promise<string[]> {
  const folder = join(app.state, 'snapshots')
  const digests = await readdir(folder)
  const texts = await Promise.all(
    digests.map(
      async (digest) => await readFile(join(folder, digest, 'app', name), 'utf8').catch(() => ''),
    ),
  )
  return texts.join('').split('\n').slice(0, -1)
}

test('a build whose control died is ended before it is begun anew', {
  timeout: 120_000,
}, async () => {
  await app.write('build.mjs', building)
  const release = app.start('release')
  await eventually(async () => ((await linesOf('begun.txt')).length > 0 ? true : null))
  const { pid } = JSON.parse(await readFile(join(app.state, 'control.json'), 'utf8'))
  process.kill(pid, 'SIGKILL')
  const { code, stdout, stderr } = await release.ended
  assert.equal(code, 0, stdout + stderr)
  const [first, second] = await linesOf('begun.txt')
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(await linesOf('built.txt'), [second])
})
