import type { Facts, Found, Rule } from '../../rule.ts'
import { callsOf, meaningOf, objectOf, propertyOf } from '../look.ts'
import type { Source } from '../source.ts'

export const ownPool: Rule = {
  id: 'own-pool',
  rungs: ['split', 'replicated'],
  severity: 'blocks',
  what: 'A `Pool` or `Client` of `pg` itself.',
  why: 'When the database moves or fails over, connections of `pg` break under their requests and go on knowing the old address. `banyan/pg` holds the requests and follows.',
  mend: "Change the import from 'pg' to 'banyan/pg': it is a drop-in.",
  *find({ sources }: Facts): Iterable<Found> {
    for (const source of sources) {
      for (const { node, imported } of callsOf(source, ['pg'])) {
        if (node.type !== 'NewExpression') continue
        if (imported.name !== 'Pool' && imported.name !== 'Client') continue
        const what = `It makes a ${imported.name} of pg.`
        yield { file: source.path, line: source.lineOf(node), what }
      }
      yield* drizzlePools(source)
    }
  },
}

/** `drizzle(process.env.DATABASE_URL)` makes a pool of `pg` by itself; `drizzle(pool)` does not. */
function* drizzlePools(source: Source): Iterable<Found> {
  for (const { node, imported } of callsOf(source, ['drizzle-orm/node-postgres'])) {
    const [first] = node.arguments
    if (imported.name !== 'drizzle' || first === undefined) continue
    const object = objectOf(source, first)
    const connection = object === null ? undefined : propertyOf(object, 'connection')
    const text = meaningOf(source, first)
    const isUrl =
      (text.type === 'Literal' && typeof text.value === 'string') ||
      text.type === 'TemplateLiteral' ||
      isEnvironment(text)
    if (connection === undefined && !isUrl) continue
    yield {
      file: source.path,
      line: source.lineOf(node),
      what: 'Drizzle makes a pool of pg by itself here.',
      mend: "Give it one: import { Pool } from 'banyan/pg', then drizzle({ client: new Pool() }).",
    }
  }
}

/** `process.env.X`, also with `!` (which is gone by now) or a default behind it. */
function isEnvironment(node: ReturnType<typeof meaningOf>): boolean {
  if (node.type === 'LogicalExpression') return isEnvironment(node.left)
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'MemberExpression' &&
    node.object.property.type === 'Identifier' &&
    node.object.property.name === 'env'
  )
}
