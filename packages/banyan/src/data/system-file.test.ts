import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { BanyanError, type ErrorCode } from '@banyan/model'
import { runtimeFile } from '@banyan/testing'
import { openData } from './data.ts'
import { readSystemFile } from './system-file.ts'

const whole = runtimeFile({ url: 'postgres://u:p%40ss@127.0.0.1:5432/d' })

describe('the file that BANYAN_SYSTEM names', () => {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-system-file-'))
  after(() => rmSync(directory, { recursive: true }))

  const written = (content: unknown): string => {
    const path = join(directory, 'system.json')
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const refuses = (read: () => unknown, code: ErrorCode, message: RegExp): void => {
    assert.throws(read, (error) => {
      assert.ok(BanyanError.is(error), String(error))
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.ok(error.hint)
      return true
    })
  }

  it('is read whole', () => {
    assert.deepEqual(readSystemFile(written(whole)), whole)
    assert.equal(whole.shards[0]?.password, 'p@ss')
  })

  it('is missing outside of a system', () => {
    for (const path of [undefined, '']) {
      refuses(() => readSystemFile(path), 'BANYAN_NO_SYSTEM', /not set/)
    }
  })

  it('is refused when it cannot be read or is something else', () => {
    const invalid = 'BANYAN_SYSTEM_FILE_INVALID'
    refuses(() => readSystemFile(join(directory, 'nothing')), invalid, /ENOENT/)
    refuses(() => readSystemFile(written('{')), invalid, /not JSON/)
    for (const content of [null, 7, {}, { format: 0 }, { format: '1' }]) {
      refuses(() => readSystemFile(written(content)), invalid, /format/)
    }
    refuses(() => readSystemFile(written({ ...whole, system: null })), invalid, /no system/)
    refuses(() => readSystemFile(written({ ...whole, shards: {} })), invalid, /no shards/)
    refuses(
      () => readSystemFile(written({ ...whole, connectionsMax: 0 })),
      invalid,
      /connectionsMax/,
    )
  })

  it('is refused when a newer Banyan wrote it', () => {
    const newer = written({ ...whole, format: 2 })
    refuses(() => readSystemFile(newer), 'BANYAN_SYSTEM_FILE_NEWER', /format 2/)
  })

  it('is refused at the first use when it has what this version cannot reach', () => {
    const using = (content: unknown) => () =>
      openData({ systemFile: () => written(content) }).of('a')
    const [shard] = whole.shards
    refuses(using({ ...whole, shards: [] }), 'BANYAN_NO_DATABASE', /no data tier/)
    refuses(using({ ...whole, keyType: null }), 'BANYAN_NO_DATABASE', /shard key/)
    const two = { ...whole, shards: [shard, shard] }
    refuses(using(two), 'BANYAN_SYSTEM_FILE_NEWER', /2 shards/)
  })
})
