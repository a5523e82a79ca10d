// `npm test`: lint, types, and every suite; `npm test -- --only cluster/kill` for a part of it.
import { parseArgs } from 'node:util'
import { main } from './runner/main.ts'
import { suites } from './runner/suites.ts'

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
process.exitCode = await main(suites, {
  root: new URL('..', import.meta.url).pathname.replace(/\/$/, ''),
  only: values.only ?? [],
})
