import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { textOf } from './text-of.ts'

const text = '{"note":"grüße"}'

test('a body that the server compressed without being asked is read', () => {
  const compress = {
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  }
  for (const [encoding, pack] of Object.entries(compress)) {
    assert.equal(textOf(pack(text), encoding), text, encoding)
  }
})

test('a body that is not what its header says is given as it came', () => {
  assert.equal(textOf(Buffer.from(text), 'gzip'), text)
  assert.equal(textOf(Buffer.from(text), 'unheard-of'), text)
  assert.equal(textOf(Buffer.alloc(0), 'gzip'), '')
})
