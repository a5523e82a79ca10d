// `npm run pack -- --out DIR`: the packages as they would be published, as tarballs in a folder.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packAll } from './pack/pack-all.ts'

const { values } = parseArgs({ options: { out: { type: 'string' } } })
if (values.out === undefined) {
  console.error('usage: npm run pack -- --out DIR')
  process.exitCode = 2
} else {
  for (const tarball of await packAll(resolve(values.out))) console.log(tarball)
}
