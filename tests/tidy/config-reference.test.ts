import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError, resolveSystem } from '@banyan/model'
import { filesUnder } from './project-files.ts'

const [page] = filesUnder('docs/reference/config.md')
const text = page?.text ?? ''

/** The first example of the page, evaluated with `defineSystem` as what it is: the identity. */
const example = (): unknown => {
  const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const body = code.replace(/^import .*$/m, '').replace('export default', 'return')
  return new Function('defineSystem', body)((system: unknown) => system)
}

/** The keys in the first column of the table below a heading. */
const keysBelow = (heading: RegExp): readonly string[] => {
  const section = text.split(heading)[1]?.split(/\n##+ |\n\n[A-Z][^|]*\n\n\|/)[0] ?? ''
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, key = '']) => key)
}

/** The keys that the validation knows, as it lists them when it meets an unknown one. */
const knownKeys = (input: unknown): readonly string[] => {
  try {
    resolveSystem(input, { root: '/srv/notes' })
  } catch (error) {
    assert.ok(BanyanError.is(error))
    const { faults } = error.details as { faults: readonly { path: string; expected: string }[] }
    const unknown = faults.find(({ path }) => path.endsWith('other'))
    return unknown?.expected.replace('one of ', '').split(', ') ?? []
  }
  return []
}

const web = { run: 'node web.ts' }
const telemetry = (value: object) => ({ name: 'notes', services: { web }, telemetry: value })

test('the example of the reference is a system', () => {
  const system = resolveSystem(example(), { root: '/srv/notes' })
  assert.deepEqual(
    system.services.map(({ name }) => name),
    ['web', 'mail'],
  )
})

test('the reference describes exactly the keys that there are', () => {
  const pairs: readonly [heading: RegExp, input: unknown][] = [
    [/## System/, { name: 'notes', services: { web }, other: 1 }],
    [/## Service\n/, { name: 'notes', services: { web: { ...web, other: 1 } } }],
    [/## Data/, { name: 'notes', services: { web }, data: { other: 1 } }],
    [
      /## What a commit waits for/,
      { name: 'notes', services: { web }, data: { synchronous: { other: 1 } } },
    ],
    [
      /A table is/,
      { name: 'notes', services: { web }, data: { tables: { a: { by: 'id', other: 1 } } } },
    ],
    [/\n## Telemetry/, telemetry({ other: 1 })],
    [/### Which traces are kept/, telemetry({ traces: { other: 1 } })],
    [/### Where everything is sent/, telemetry({ export: { other: 1 } })],
    [/One with `count`/, telemetry({ business: { a: { event: 'a', other: 1 } } })],
    [/One with `retention`/, telemetry({ business: { a: { since: 'a', other: 1 } } })],
  ]
  for (const [heading, input] of pairs) {
    assert.ok(knownKeys(input).length > 1, String(heading))
    assert.deepEqual([...keysBelow(heading)].sort(), [...knownKeys(input)].sort(), String(heading))
  }
})
