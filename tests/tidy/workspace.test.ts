import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesUnder } from './project-files.ts'

type Manifest = {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

const manifests = filesUnder('package.json', 'packages', 'apps')
  .filter(({ path }) => /^(package|(packages|apps)\/[^/]+\/package)\.json$/.test(path))
  .map(({ path, text }) => ({ path, manifest: JSON.parse(text) as Manifest }))

const own = new Set(manifests.map(({ manifest }) => manifest.name))

test('every package has the version of the project', () => {
  assert.ok(manifests.length >= 7, 'the packages were found')
  const version = manifests.find(({ path }) => path === 'package.json')?.manifest.version
  const others = manifests.filter(({ manifest }) => manifest.version !== version)
  assert.deepEqual(
    others.map(({ path, manifest }) => `${path}: ${manifest.version}`),
    [],
  )
})

test('packages of the project need each other in exactly this version', () => {
  const wrong = manifests.flatMap(({ path, manifest }) =>
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([name, version]) => own.has(name) && version !== manifest.version)
      .map(([name, version]) => `${path}: ${name}@${version}`),
  )
  assert.deepEqual(wrong, [])
})

test('packages of others are pinned, so that two installations are the same', () => {
  const loose = manifests.flatMap(({ path, manifest }) =>
    Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    })
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name}@${version}`),
  )
  assert.deepEqual(loose, [])
})

test('every published package says its licence', () => {
  const without = manifests.filter(({ manifest }) => manifest.license !== 'Apache-2.0')
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  )
})
