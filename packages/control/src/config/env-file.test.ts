import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { loadSystem } from './load-system.ts'

const config = `export default {
  name: 'shop',
  services: { web: { run: 'node web.mjs', env: { SEEN: process.env.SEEN ?? 'nothing' } } },
  data: { url: process.env.SHOP_DATABASE },
}`

const url = 'postgres://ann:secret@db.example/shop'

let folder = ''
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'banyan-env-')))
  await writeFile(join(folder, 'banyan.config.mjs'), config)
})
afterEach(async () => await rm(folder, { recursive: true }))

const load = () => loadSystem(join(folder, 'banyan.config.mjs'))

test('a config reads the variables of the file .env beside it', async () => {
  await writeFile(join(folder, '.env'), `SHOP_DATABASE="${url}" # ours\nSEEN=yes\n`)
  const { data, services } = await load()
  assert.equal(data?.url, url)
  assert.deepEqual(services[0]?.env, { SEEN: 'yes' })
  assert.equal(process.env.SHOP_DATABASE, undefined)
})

test('what the environment says wins over .env', async () => {
  await writeFile(join(folder, '.env'), `SHOP_DATABASE=postgres://other.example/shop\n`)
  process.env.SHOP_DATABASE = url
  try {
    assert.equal((await load()).data?.url, url)
  } finally {
    delete process.env.SHOP_DATABASE
  }
})

test('without .env, or with a folder of that name, an unset variable is a fault that names the file', async () => {
  const fault = { code: 'BANYAN_CONFIG_INVALID', message: /data\.url: found nothing.*\.env/s }
  await assert.rejects(load, fault)
  await mkdir(join(folder, '.env'))
  await assert.rejects(load, fault)
})
