import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publishedManifest } from './manifest.ts'

const manifest = {
  name: 'banyan',
  version: '0.1.0',
  exports: { '.': './src/index.ts', './api': './src/api/client.ts' },
  dependencies: { pg: '8.0.0' },
  devDependencies: { fastify: '5.0.0' },
}
const workspace = { devDependencies: { '@types/pg': '8.1.0', '@types/node': '24.0.0' } }

test('what is published exports JavaScript with its types, and needs nothing of development', () => {
  assert.deepEqual(publishedManifest(manifest, workspace), {
    name: 'banyan',
    version: '0.1.0',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './api': { types: './dist/api/client.d.ts', default: './dist/api/client.js' },
    },
    dependencies: { pg: '8.0.0', '@types/pg': '8.1.0' },
    files: ['dist', 'bin', 'templates', 'console'],
  })
})

test('a private package is not published', () => {
  assert.throws(
    () => publishedManifest({ ...manifest, private: true }, workspace),
    /banyan is private/,
  )
})

test('an export that is not built is refused', () => {
  const odd = { ...manifest, exports: { '.': './lib/index.js' } }
  assert.throws(
    () => publishedManifest(odd, workspace),
    /exports \.\/lib\/index\.js, which is not in \.\/src/,
  )
})
