import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configOf } from './config-text.ts'
import { judgeApp } from './judge-app.ts'
import type { AdoptedApp, AppFiles, Note } from './types.ts'

type Given = {
  readonly manifest?: Record<string, unknown> | string | null
  readonly texts?: Readonly<Record<string, string>>
  readonly paths?: readonly string[]
  readonly url?: string
  readonly installed?: readonly string[]
}

function filesOf({ manifest = {}, texts = {}, paths = [], url, installed = [] }: Given): AppFiles {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 2)
  return {
    folder: '/srv/Shop Front',
    manifest: manifest === null ? null : text,
    paths: [...Object.keys(texts), ...paths, ...(manifest === null ? [] : ['package.json'])],
    texts: new Map(Object.entries(texts)),
    environmentUrl: url ?? null,
    hasPackage: (name) => installed.includes(name),
    hasProgram: (name) => installed.includes(name),
  }
}

function adopted(given: Given): AdoptedApp {
  const app = judgeApp(filesOf(given))
  assert.equal(app.kind, 'app', JSON.stringify(app))
  return app as AdoptedApp
}

function faults(given: Given): readonly Note[] {
  const app = judgeApp(filesOf(given))
  assert.equal(app.kind, 'refused', JSON.stringify(app))
  return app.kind === 'refused' ? app.faults : []
}

const withStart = (start: string, more: Record<string, string> = {}) => ({
  manifest: { scripts: { start, ...more } },
})

test('a start script of one command stays where it is', () => {
  const { start, name } = adopted({
    manifest: { name: '@acme/Web.Shop', scripts: { start: 'node a.js' } },
  })
  assert.deepEqual(start, { run: 'npm start', build: null, env: {}, from: 'scripts.start' })
  assert.equal(name, 'web-shop')
})

test('a build before the start becomes the build of the release', () => {
  const cases: readonly [string, string, string][] = [
    ['tsc && node dist/main.js', 'tsc', 'node dist/main.js'],
    ['npm run build && node dist/main.js', 'npm run build', 'node dist/main.js'],
    ['prisma migrate deploy && node server.js', 'prisma migrate deploy', 'node server.js'],
    ['node scripts/migrate.js && node server.js', 'node scripts/migrate.js', 'node server.js'],
  ]
  for (const [script, build, run] of cases) {
    const { start } = adopted(withStart(script, { build: 'tsc -p .' }))
    assert.deepEqual([start.build, start.run], [build, run], script)
  }
})

test('two commands of which none plainly prepares the other are refused, by line, with the way to split them', () => {
  const [fault] = faults(withStart('node worker.js && node server.js'))
  assert.equal(fault?.file, 'package.json')
  assert.equal(fault?.line, 3)
  assert.match(fault?.what ?? '', /node worker\.js && node server\.js/)
  assert.match(fault?.mend ?? '', /build: 'node worker\.js'.*"start": "node server\.js"/)
})

test('a build script that itself needs a shell is refused rather than written down', () => {
  const [fault] = faults(withStart('npm run build && node dist/a.js', { build: 'tsc && cp a b' }))
  assert.match(fault?.what ?? '', /&&/)
})

test('everything else that only a shell can do is refused by line', () => {
  for (const script of [
    'node server.js | grep -v health',
    'node a.js & node b.js',
    'node server.js > out.log',
    'node server.js --port $PORT',
    'cd src && node server.js',
    'node a.js; node b.js',
  ]) {
    const [fault] = faults(withStart(script))
    assert.equal(fault?.line, 3, script)
    assert.ok((fault?.mend.length ?? 0) > 10, script)
  }
})

test('an operator inside quotes is a letter like any other', () => {
  assert.equal(adopted(withStart('node server.js "a && b"')).start.run, 'npm start')
})

test('settings before the command become the environment of the service', () => {
  const { start } = adopted(withStart(`NODE_ENV=production TITLE='My shop' node server.js`))
  assert.deepEqual(start.env, { NODE_ENV: 'production', TITLE: 'My shop' })
  assert.equal(start.run, 'node server.js')
})

test('a printer behind a pipe is left out, and said', () => {
  const { start, warnings } = adopted(withStart('node server.js | pino-pretty'))
  assert.equal(start.run, 'node server.js')
  assert.match(warnings[0]?.what ?? '', /pino-pretty/)
})

test('what npm would run before the start becomes the build', () => {
  const { start } = adopted(withStart('node dist/a.js', { prestart: 'tsc' }))
  assert.deepEqual([start.build, start.run], ['npm run prestart', 'node dist/a.js'])
})

test('what is started is built first where a build script makes it', () => {
  assert.equal(adopted(withStart('node dist/a.js', { build: 'tsc' })).start.build, 'npm run build')
  assert.equal(
    adopted(withStart('next start', { build: 'next build' })).start.build,
    'npm run build',
  )
  assert.equal(adopted(withStart('node src/a.js', { build: 'tsc' })).start.build, null)
})

test('a watcher is taken away, since Banyan restarts by itself', () => {
  const cases: readonly [string, string][] = [
    ['nodemon src/server.js', 'node src/server.js'],
    ['nodemon --watch src/config.js -e ts,js src/server.js --fast', 'node src/server.js --fast'],
    ['nodemon -q -r dotenv/config src/server.js', 'node -r dotenv/config src/server.js'],
    ['nodemon --exec tsx src/server.ts', 'tsx src/server.ts'],
    ['node --watch src/server.ts', 'node src/server.ts'],
    ['tsx watch src/server.ts', 'tsx src/server.ts'],
    ['npx tsx watch --env-file=.env src/server.ts', 'tsx --env-file=.env src/server.ts'],
  ]
  for (const [dev, run] of cases)
    assert.equal(adopted({ manifest: { scripts: { dev } } }).start.run, run)
  assert.equal(adopted(withStart('nodemon src/server.js')).start.run, 'node src/server.js')
})

test('what Banyan sets itself is left out of the config, and that is said', () => {
  const { start, warnings } = adopted(withStart('PORT=3000 DEBUG=1 node a.js'))
  assert.deepEqual([start.run, start.env], ['node a.js', { DEBUG: '1' }])
  assert.deepEqual(
    warnings.map(({ line, what }) => [line, /sets (\w+)/.exec(what)?.[1]]),
    [[3, 'PORT']],
  )
})

test('a database that the script itself names is refused without its password, as another would be used', () => {
  const [fault] = faults(withStart('PORT=1 DATABASE_URL=postgres://a:secret@h/d node a.js'))
  assert.match(fault?.what ?? '', /sets DATABASE_URL/)
  assert.match(fault?.mend ?? '', /\.env/)
  assert.doesNotMatch(JSON.stringify(fault), /secret/)
})

test('a wrapper that only hands on is taken away, and one that leaves the app behind is refused', () => {
  const { start } = adopted(withStart('cross-env NODE_ENV=production node a.js'))
  assert.deepEqual([start.run, start.env], ['node a.js', { NODE_ENV: 'production' }])
  assert.equal(adopted(withStart('exec node a.js')).start.run, 'node a.js')
  const [fault] = faults(withStart('pm2 start a.js'))
  assert.match(fault?.what ?? '', /pm2 start, which leaves the app running/)
  assert.match(fault?.mend ?? '', /"node a\.js"/)
})

test('without a start script, the main file or one that listens is started', () => {
  const main = adopted({ manifest: { main: './app.js' }, paths: ['app.js'] })
  assert.deepEqual([main.start.run, main.start.from], ['node app.js', 'main'])
  const found = adopted({
    texts: { 'src/index.ts': 'export const a = 1', 'src/app.ts': 'app.listen(process.env.PORT)' },
  })
  assert.equal(found.start.run, 'node src/app.ts')
})

test('an app that nothing starts is refused, with what was looked for and what to add', () => {
  const [fault] = faults({
    manifest: { scripts: { lint: 'eslint .' } },
    texts: { 'src/a.js': '1' },
  })
  assert.match(fault?.what ?? '', /no script start \(but the scripts lint\).*src\/server/)
  assert.match(fault?.mend ?? '', /"start"/)
})

test('a package.json that cannot be read is said to be so', () => {
  const [fault] = faults({ manifest: '{ "name": ', texts: { 'a.js': '' } })
  assert.match(fault?.what ?? '', /package\.json cannot be read/)
  assert.match(faults({ manifest: '[]', texts: { 'a.js': '' } })[0]?.what ?? '', /no object/)
})

test('files without a package.json are nobody knows what', () => {
  const [fault] = faults({ manifest: null, paths: ['a.py', 'b.py', 'c.py', 'd.py'] })
  assert.match(fault?.what ?? '', /a\.py, b\.py, c\.py and 1 more/)
})

test('an empty folder, and one with nothing but what npm init leaves, get a new app', () => {
  const bare = {
    name: 'notes',
    main: 'index.js',
    scripts: { test: 'echo "Error: no test specified" && exit 1' },
  }
  for (const given of [
    { manifest: null },
    { manifest: null, paths: ['.gitignore', 'README.md', 'node_modules'] },
    { manifest: bare, paths: ['package-lock.json'] },
  ]) {
    assert.equal(judgeApp(filesOf(given)).kind, 'empty')
  }
  assert.notEqual(judgeApp(filesOf({ manifest: bare, paths: ['index.js'] })).kind, 'empty')
})

test('a port that is written down is pointed at, and one that the environment decides is not', () => {
  const texts = {
    'a.js': '\napp.listen(3000)',
    'b.ts': 'const port: number = 4000\nserver.listen({ port })',
    'c.ts': 'serve({ fetch: app.fetch, port: 5000 }, (info) => {})',
    'd.js': 'const port = process.env.PORT || 3000\napp.listen(port)',
    'e.ts': 'app.listen({ port: Number(process.env.PORT ?? 3000) })\nserve(app)\napp.listen(0)',
    'f.js': 'let port = 3000\nif (process.env.PORT) port = process.env.PORT\napp.listen(port)',
    'test/g.js': 'app.listen(3000)',
    'h.jsx.js': 'app.listen(3000) <b>',
    'i.js': 'events.listen("orders")\nplaylist.listen(song)',
  }
  const { warnings } = adopted({ ...withStart('node a.js'), texts })
  assert.deepEqual(
    warnings.map(({ file, line }) => `${file}:${line}`),
    ['a.js:2', 'b.ts:2', 'c.ts:1'],
  )
  assert.match(warnings[0]?.mend ?? '', /process\.env\.PORT \?\? 3000/)
})

test('a port in the start script is pointed at', () => {
  const [warning] = adopted(withStart('next start -p 3000')).warnings
  assert.equal(warning?.line, 3)
})

test('the database is found where it is said, and its value goes nowhere', () => {
  const secret = 'postgres://ada:s3cret@db.example.com/shop'
  const cases: readonly [Given, string, boolean][] = [
    [{ url: secret }, 'environment', false],
    [{ texts: { '.env': `A=1\nDATABASE_URL="${secret}" # live\n` } }, '.env:2', false],
    [{ texts: { '.env.local': `export DATABASE_URL=${secret}` } }, '.env.local:1', true],
    [
      { texts: { 'docker-compose.yml': 'services:\n  db:\n    image: postgres:16\n' } },
      'docker-compose.yml:3',
      false,
    ],
  ]
  for (const [given, place, load] of cases) {
    const app = adopted({ ...withStart('node a.js'), ...given })
    const { where, line } = app.database ?? { where: '', line: null }
    assert.equal(line === null ? where : `${where}:${line}`, place)
    assert.equal(app.database?.load, load)
    const { text } = configOf(app, filesOf(given))
    assert.match(text, /data: \{ url: process\.env\.DATABASE_URL \}/)
    assert.ok(!JSON.stringify([app, text]).includes('s3cret'))
  }
})

test('a database of another kind is left to the app, and said', () => {
  const app = adopted({
    ...withStart('node a.js'),
    texts: { '.env': 'DATABASE_URL=mysql://a:b@c/d' },
  })
  assert.equal(app.database, null)
  assert.match(app.warnings[0]?.what ?? '', /a database of mysql/)
  assert.ok(!JSON.stringify(app).includes('a:b@c'))
})

test('another name for the URL is taken over', () => {
  const app = adopted({
    ...withStart('node a.js'),
    texts: { '.env': 'POSTGRES_URL=postgres://a/b' },
  })
  assert.match(configOf(app, filesOf({})).text, /process\.env\.POSTGRES_URL/)
})

test('an app on PostgreSQL that nobody gave a database gets one', () => {
  const app = adopted({ manifest: { scripts: { start: 'node a.js' }, dependencies: { pg: '8' } } })
  assert.equal(app.needsDatabase, true)
  assert.match(configOf(app, filesOf({})).text, /data: \{\},/)
  assert.doesNotMatch(configOf(adopted(withStart('node a.js')), filesOf({})).text, /data/)
})

test('the one edit that makes the pool ours is named by file and line', () => {
  const dependencies = { pg: '8', 'drizzle-orm': '0.45' }
  const texts = {
    'src/db.ts': "import { drizzle } from 'drizzle-orm/node-postgres'\nimport { Pool } from 'pg'\n",
    'src/types.ts': "import type { QueryResult } from 'pg'\n",
    'test/db.ts': "import pg from 'pg'\n",
  }
  const { drivers } = adopted({
    manifest: { scripts: { start: 'node a.js' }, dependencies },
    texts,
  })
  assert.deepEqual(drivers, [
    { name: 'Drizzle', next: "import from 'banyan/pg' instead of 'pg' in src/db.ts:2" },
  ])
  const common = adopted({
    manifest: { scripts: { start: 'node a.js' }, dependencies: { pg: '8' } },
    texts: { 'db.js': "'use strict'\nconst { Pool } = require('pg')\n" },
  })
  assert.match(common.drivers[0]?.next ?? '', /require\('banyan\/pg'\).*db\.js:2/)
})

test('the framework is the one on top', () => {
  const dependencies = { express: '5', '@nestjs/core': '11' }
  const app = adopted({ manifest: { scripts: { start: 'node a.js' }, dependencies } })
  assert.equal(app.framework, 'NestJS')
  assert.equal(adopted(withStart('node a.js')).framework, null)
})

test('the config fits the package it lies in, and imports banyan only where that is', () => {
  const app = adopted(withStart('node a.js'))
  const module = filesOf({ manifest: { type: 'module' }, installed: ['banyan'] })
  const config = configOf(app, module)
  assert.equal(config.name, 'banyan.config.ts')
  assert.match(
    config.text,
    /^import \{ defineSystem \} from 'banyan'\n\nexport default defineSystem\(/,
  )
  const plain = configOf(app, filesOf({}))
  assert.equal(plain.name, 'banyan.config.mts')
  assert.match(plain.text, /^export default \{/)
})
