import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { BanyanError } from '@banyan/model'
import { differenceFrom } from './difference.ts'
import { readSnapshot } from './read.ts'
import { takeSnapshot } from './take.ts'
import { makeTestApp, plainApp, type TestApp } from './test-apps.ts'

let app: TestApp
beforeEach(async () => {
  app = await makeTestApp(plainApp)
})
afterEach(async () => await app.remove())

const inApp = (snapshot: { folder: string }, path: string) => join(snapshot.folder, 'app', path)
const snapshots = async () => await readdir(join(app.paths.directory, 'snapshots'))

test('a snapshot holds the app as it was, whatever becomes of the app', async () => {
  const snapshot = await app.take()
  await app.write({ 'web.mjs': 'broken(' })
  assert.equal(await readFile(inApp(snapshot, 'web.mjs'), 'utf8'), plainApp['web.mjs'])
  assert.equal(snapshot.system.root, join(snapshot.folder, 'app'))
  assert.deepEqual([snapshot.files, snapshot.modules], [2, null])
})

test('the same content is the same snapshot, and is not copied again', async () => {
  const first = await app.take()
  app.said.length = 0
  await utimes(join(app.folder, 'web.mjs'), 1, 1)
  const second = await app.take()
  assert.deepEqual(second, first)
  assert.deepEqual(app.said, [])
})

test('another file, another right to run, another config are another snapshot', async () => {
  const first = await app.take()
  await chmod(join(app.folder, 'web.mjs'), 0o755)
  const runs = await app.take()
  assert.equal((await stat(inApp(runs, 'web.mjs'))).mode & 0o777, 0o755)
  await app.write({ 'more.mjs': '' })
  const more = await app.take()
  const other = await app.take(app.system({ services: { web: { run: 'node web.mjs --loud' } } }))
  const digests = [first, runs, more, other].map(({ digest }) => digest)
  assert.equal(new Set(digests).size, 4)
  assert.deepEqual((await snapshots()).sort(), digests.sort())
})

test('what has changed since a snapshot is told by name', async () => {
  const snapshot = await app.take()
  assert.deepEqual(await differenceFrom(snapshot, app.system()), { changed: [] })
  await app.write({ 'web.mjs': '1', 'lib/new.mjs': '2' })
  await rm(join(app.folder, 'banyan.config.ts'))
  const loud = app.system({ services: { web: { run: 'node web.mjs --loud' } } })
  const { changed } = await differenceFrom(snapshot, loud)
  assert.deepEqual(changed, ['banyan.config.ts', 'lib/new.mjs', 'web.mjs', 'config'])
})

test('an app that cannot be released as it is differs by what stands in the way', async () => {
  const snapshot = await app.take()
  await app.write({ passwords: '→ /etc/passwd' })
  assert.deepEqual(await differenceFrom(snapshot, app.system()), { changed: ['passwords'] })
})

test('git, state and what is ignored stay out; .env comes along', async () => {
  await app.write({
    '.gitignore': '*.log\nnode_modules\n.env*\n',
    '.git/HEAD': 'ref',
    'lib/.banyan/banyan.json': '{}',
    'web.log': 'noise',
    'lib/.gitignore': '!keep.log\n/private/',
    'lib/keep.log': 'kept',
    'lib/private/key': 'secret',
    '.env': 'A=1',
    '.env.local': 'B=2',
  })
  await mkdir(join(app.folder, 'uploads'))
  const snapshot = await app.take()
  const held = execFileSync('find', ['.', '-mindepth', '1', '-not', '-type', 'd'], {
    cwd: join(snapshot.folder, 'app'),
    encoding: 'utf8',
  })
  assert.deepEqual(held.trim().split('\n').sort(), [
    './.env',
    './.env.local',
    './.gitignore',
    './banyan.config.ts',
    './lib/.gitignore',
    './lib/keep.log',
    './web.mjs',
  ])
  assert.ok((await stat(inApp(snapshot, 'uploads'))).isDirectory())
})

test('links stay links, and lead into the snapshot', async () => {
  await app.write({
    'lib/a.mjs': 'a',
    relative: '→ lib/a.mjs',
    absolute: `→ ${join(app.folder, 'lib')}`,
    'lib/round': '→ ../lib/round',
    dangling: '→ lib/nothing',
    'lib/up': '→ ..',
  })
  const snapshot = await app.take()
  const targets = ['relative', 'absolute', 'lib/round', 'dangling', 'lib/up'].map((path) =>
    readlink(inApp(snapshot, path)),
  )
  assert.deepEqual(await Promise.all(targets), [
    'lib/a.mjs',
    'lib',
    '../lib/round',
    'lib/nothing',
    '..',
  ])
})

test('a link out of the app is refused by name, also one that leads out behind another link', async () => {
  await app.write({ passwords: '→ /etc/passwd' })
  assert.match(
    await app.refusal(),
    /BANYAN_RELEASE_REFUSED passwords is a link that leads out .*\/etc\/passwd.*\.gitignore.*Nothing was changed/,
  )
  await app.write({ '.gitignore': 'passwords', inner: '→ passwords' })
  assert.match(await app.refusal(), /inner is a link that leads out/)
  assert.deepEqual(await snapshots(), [])
})

test('sockets and pipes are left out, and that is said', async () => {
  execFileSync('mkfifo', [join(app.folder, 'commands')])
  await app.take()
  assert.match(
    app.said.join('\n'),
    /commands is a pipe, which no release can hold: it was left out\./,
  )
})

test('a word of a command or of env that names something of the app by its whole path leads into the snapshot', async () => {
  await app.write({ 'cert.pem': 'c', '.gitignore': 'uploads' })
  const at = (path: string) => join(app.folder, path)
  const system = app.system({
    services: {
      web: {
        run: `node --import=${at('web.mjs')} ${at('web.mjs')} /etc/hosts`,
        env: { CERT: at('cert.pem'), UPLOADS: at('uploads') },
      },
    },
  })
  const snapshot = await app.take(system)
  const [web] = snapshot.system.services
  assert.deepEqual(web?.run, [
    'node',
    `--import=${inApp(snapshot, 'web.mjs')}`,
    inApp(snapshot, 'web.mjs'),
    '/etc/hosts',
  ])
  assert.deepEqual(web?.env, { CERT: inApp(snapshot, 'cert.pem'), UPLOADS: at('uploads') })
  assert.deepEqual(await differenceFrom(snapshot, system), { changed: [] })
})

test('a state directory that was moved still has its snapshots', async () => {
  const { digest } = await app.take()
  const moved = join(app.folder, 'elsewhere')
  await rename(app.paths.directory, moved)
  const { system } = await readSnapshot({ directory: moved }, digest)
  assert.equal(system.root, join(moved, 'snapshots', digest, 'app'))
})

/** Takes a snapshot while the app's files are copied, and does something as soon as they are. */
const takeWhile = async (work: () => void) => {
  const { paths } = app
  return await takeSnapshot({ paths, system: app.system(), config: 'c', onProgress: work })
}

test('a file that changes whenever it is copied is named, and nothing is taken', async () => {
  let lines = 0
  const work = () => {
    lines += 1
    writeFileSync(join(app.folder, 'access.txt'), `${lines}`)
  }
  await assert.rejects(takeWhile(work), (error) => {
    assert.ok(BanyanError.is(error) && error.code === 'BANYAN_RELEASE_REFUSED')
    assert.match(error.message, /^access\.txt keeps changing/)
    assert.match(error.hint ?? '', /\.gitignore/)
    return true
  })
  assert.deepEqual(await snapshots(), [])
})

test('an app that changes once while it is copied is taken as it is then', async () => {
  let times = 0
  const work = () => {
    times += 1
    if (times > 1) return
    writeFileSync(join(app.folder, 'web.mjs'), 'new')
    renameSync(join(app.folder, 'banyan.config.ts'), join(app.folder, 'other.ts'))
  }
  const snapshot = await takeWhile(work)
  assert.equal(await readFile(inApp(snapshot, 'web.mjs'), 'utf8'), 'new')
  assert.deepEqual((await readdir(inApp(snapshot, '.'))).sort(), ['other.ts', 'web.mjs'])
})

test('two takers at once come to one snapshot', async () => {
  await app.write(
    Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`lib/${at}.mjs`, `${at}`])),
  )
  const [first, second, third] = await Promise.all([app.take(), app.take(), app.take()])
  assert.deepEqual(first, second)
  assert.deepEqual(second, third)
  assert.deepEqual(await snapshots(), [first.digest])
})

test('one that is called off leaves nothing', async () => {
  await app.write(
    Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`lib/${at}.mjs`, `${at}`])),
  )
  await assert.rejects(app.take(app.system(), AbortSignal.timeout(15)), { name: 'TimeoutError' })
  assert.deepEqual(await snapshots(), [])
})

test('what a taker that died has left is removed, what a living one works on stays', async () => {
  const folder = join(app.paths.directory, 'snapshots')
  await mkdir(join(folder, '.taking-1-6e6f626f6479-00000000', 'app'), { recursive: true })
  const { takingName } = await import('./places.ts')
  const ours = takingName()
  await mkdir(join(folder, ours))
  const { digest } = await app.take()
  assert.deepEqual((await snapshots()).sort(), [ours, digest].sort())
})

test('a full disk is said with the file, and nothing half-made stays', async (t) => {
  await app.write({ 'big.bin': 'x'.repeat(300_000) })
  await mkdir(app.paths.directory)
  if (
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', app.paths.directory]).status !==
    0
  ) {
    return t.skip('needs the right to mount a tmpfs (root)')
  }
  try {
    const text = await app.refusal()
    assert.match(text, /BANYAN_STATE_UNWRITABLE .*big\.bin cannot be written: the disk is full/)
    assert.deepEqual(await snapshots(), [])
  } finally {
    execFileSync('umount', [app.paths.directory])
  }
})

test('a damaged snapshot is said by its file', async () => {
  const { digest, folder } = await app.take()
  await rm(join(folder, 'app'), { recursive: true })
  await assert.rejects(readSnapshot(app.paths, digest), {
    code: 'BANYAN_STATE_BROKEN',
    message: `${folder}/app does not exist.`,
  })
  await assert.rejects(readSnapshot(app.paths, '0123456789abcdef'), { code: 'BANYAN_STATE_BROKEN' })
  await writeFile(join(folder, 'snapshot.json'), '{"format": 1')
  await assert.rejects(readSnapshot(app.paths, digest), { code: 'BANYAN_STATE_BROKEN' })
})
