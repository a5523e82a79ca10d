import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { statePaths } from '../../packages/control/src/state/paths.ts'
import { filesUnder } from './project-files.ts'

test('the guide says of every file of a state directory whether it may be deleted', () => {
  const [guide] = filesUnder('docs/guide/state-and-addresses.md')
  const { directory, ...paths } = statePaths('/srv/notes/.banyan')
  const names = Object.values(paths).map((path) => basename(path))
  const missing = names.filter(
    (name) => !new RegExp(`\`(\\.banyan/)?${name}[\`/]`).test(guide?.text ?? ''),
  )
  assert.ok(names.length > 20 && directory !== '')
  assert.deepEqual(missing, [])
})
