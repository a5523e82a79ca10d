import type { Data, OwnerScope, Scope, Shard, Statement } from '../store/data.ts'

/** A statement as it was sent, with `$1` where its parameters go. */
export type Recorded = { readonly text: string; readonly values: readonly unknown[] }

/**
 * Wraps data so that every statement that the app sends is kept: tests count them, and ask PostgreSQL
 * how it would run just these. `by` is counted too; its statement is Banyan's own.
 */
export function recordData(data: Data): { data: Data; recorded: Recorded[]; lookups: string[] } {
  const recorded: Recorded[] = []
  const lookups: string[] = []
  const keep = (statement: Statement): Statement => {
    return (strings, ...values) => {
      recorded.push({ text: textOf(strings), values })
      return statement(strings, ...values)
    }
  }
  const shard = (wrapped: Shard): Shard => ({ read: keep((s, ...v) => wrapped.read(s, ...v)) })
  const scope = (wrapped: Scope): Scope => ({
    ...shard(wrapped),
    write: keep((strings, ...values) => wrapped.write(strings, ...values)),
    transaction: (work) =>
      wrapped.transaction((tx) => work({ sql: keep((s, ...v) => tx.sql(s, ...v)) })),
  })
  const recording: Data = {
    of: (key) => scope(data.of(key)),
    async by(unique, value) {
      lookups.push(unique)
      const owner = await data.by(unique, value)
      return owner && ({ ...scope(owner), key: owner.key } satisfies OwnerScope)
    },
    everywhere: ({ each, combine }) =>
      data.everywhere({ each: (wrapped) => each(shard(wrapped)), combine }),
  }
  return { data: recording, recorded, lookups }
}

const textOf = (strings: TemplateStringsArray) =>
  strings.reduce((text, part, index) => `${text}$${index}${part}`)
