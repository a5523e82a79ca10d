import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createCluster, findBinaries, removeCluster, startServer } from '@banyan/control/postgres'
import { startSystem } from '@banyan/testing'
import { ask, describeServer } from './postgres-node.ts'

const repository = new URL('../..', import.meta.url).pathname

const config = `import { defineSystem } from 'banyan'
export default defineSystem({
  name: 'notes',
  services: { web: { run: 'node web.ts', routes: ['/'] } },
  data: {
    postgres: 'distribution',
    migrations: './migrations',
    tables: { users: { by: 'id', unique: ['email'] } },
  },
})
`

const migration = 'create table users (id uuid primary key, email text not null);\n'

const web = `import { randomUUID } from 'node:crypto'
import { data, serve } from 'banyan'
await serve(async (request: Request) => {
  const email = new URL(request.url).pathname.slice(1)
  if (request.method === 'POST') {
    const id = randomUUID()
    await data.of(id).write\`insert into users (id, email) values (\${id}, \${email})\`
  }
  const owner = await data.by('users.email', email)
  const [row] = owner === null ? [] : await owner.read\`
    select email, current_setting('server_version_num')::int / 10000 as major from users where email = \${email}\`
  return Response.json(row ?? null)
})
`

/** The smallest app with a unique value, in a folder of its own. */
async function makeApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-app-'))
  await mkdir(join(folder, 'migrations'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  await writeFile(join(folder, 'banyan.config.ts'), config)
  await writeFile(join(folder, 'migrations', '0001_users.sql'), migration)
  await writeFile(join(folder, 'web.ts'), web)
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}')
  return folder
}

describe('the PostgreSQL of the distribution', () => {
  test('makes and serves a cluster that sorts by code points', async () => {
    const server = { ...(await describeServer()), binaries: await findBinaries('distribution') }
    await createCluster(server)
    try {
      await startServer(server)
      const sorted = `select string_agg(a, '' order by a) from unnest(array['b','A','ä','a','Z']) a`
      assert.equal(await ask(server, sorted), 'AZabä')
      assert.equal(await ask(server, `select upper('ä')`), 'Ä')
    } finally {
      await removeCluster(server.nodeDirectory)
    }
  })

  test('carries a whole system, unique values and a killed server included', async () => {
    const folder = await makeApp()
    const { major } = await findBinaries('distribution')
    try {
      const system = await startSystem({ config: join(folder, 'banyan.config.ts') })
      try {
        const ask = async (method: string) =>
          await fetch(`${system.url}/ada@example.com`, { method }).then((answer) =>
            answer.status === 200 ? answer.json() : answer.status,
          )
        assert.deepEqual(await ask('POST'), { email: 'ada@example.com', major })
        assert.equal(await ask('POST'), 500, 'the email is taken')
        await system.kill('primary')
        assert.deepEqual(await ask('GET'), { email: 'ada@example.com', major })
      } finally {
        await system.stop()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
