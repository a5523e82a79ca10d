import { checkConsistency, checkFunction, checkNames } from './options.ts'
import type { Shard } from './shard.ts'
import { compile, type SqlFragment } from './sql.ts'
import type { Consistency, Everywhere, EverywhereAnswer, Row, ShardScope } from './types.ts'

/** Asks every shard and combines the answers. */
export async function askEverywhere<Part, Whole>(
  shards: readonly Shard[],
  query: Everywhere<Part, Whole>,
): Promise<EverywhereAnswer<Whole>> {
  checkNames(query, ['each', 'combine', 'consistency'])
  const { each, combine, consistency } = query
  checkFunction(each, '`each`')
  checkFunction(combine, '`combine`')
  const level = checkConsistency(consistency)
  const scopes = shards.map((shard) => new ReadScope(shard, level))
  const parts = await Promise.all(scopes.map(async (scope) => each(scope)))
  const statements = scopes.reduce((sum, scope) => sum + scope.statements, 0)
  return {
    value: await combine(parts),
    shards: shards.map((shard) => shard.name),
    oneSnapshot: statements <= 1,
  }
}

/** One shard, for reading only. Counts its statements: each one sees a snapshot of its own. */
class ReadScope implements ShardScope {
  readonly name: string
  statements = 0
  readonly #shard: Shard
  readonly #level: Consistency

  constructor(shard: Shard, level: Consistency) {
    this.#shard = shard
    this.#level = level
    this.name = shard.name
  }

  readonly read = async <R = Row>(
    template: TemplateStringsArray | SqlFragment,
    ...values: unknown[]
  ): Promise<R[]> => {
    this.statements += 1
    return this.#shard.read<R>(compile(template, values), this.#level)
  }
}
