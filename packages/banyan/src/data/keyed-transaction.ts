import { BanyanError } from '@banyan/model'
import { keyText } from './key.ts'
import type { Narrowing } from './narrow.ts'
import { checkFunction } from './options.ts'
import { transact } from './scope.ts'
import type { Shard } from './shard.ts'
import type { SystemRuntime } from './system-runtime.ts'
import type { KeyedTx, TransactionOptions } from './types.ts'

/** Runs one transaction over several keys, which on one shard is one transaction of PostgreSQL. */
export async function transactKeys<T>(
  shard: Shard,
  { keyType, narrowed }: Pick<SystemRuntime, 'keyType' | 'narrowed'>,
  keys: readonly unknown[],
  work: (tx: KeyedTx) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  checkFunction(work, 'the callback of a transaction')
  const listed = new Set(checkKeys(keys).map((key) => keyText(key, keyType)))
  const narrowTo = (key: string): Narrowing | null =>
    narrowed === null ? null : { key, tables: narrowed, amongOthers: listed.size > 1 }
  const [first = ''] = listed
  return transact(
    shard,
    (tx) =>
      work({
        of(key) {
          const text = keyText(key, keyType)
          if (!listed.has(text)) throw unlisted(text, listed)
          const narrowing = narrowTo(text)
          return narrowing === null ? tx : tx.narrowedTo(narrowing)
        },
      }),
    options,
    narrowTo(first),
  )
}

function checkKeys(keys: unknown): readonly unknown[] {
  if (Array.isArray(keys) && keys.length > 0) return keys
  throw new BanyanError(
    'BANYAN_KEY_INVALID',
    `A transaction needs the list of its keys, found ${Array.isArray(keys) ? 'an empty list' : typeof keys}.`,
    { hint: 'Write data.transaction([a, b], (tx) => …).' },
  )
}

const unlisted = (key: string, listed: ReadonlySet<string>): BanyanError =>
  new BanyanError(
    'BANYAN_KEY_UNLISTED',
    `The transaction was asked for the key ${key}, which it does not list.`,
    {
      hint: `Name every key at the start: data.transaction([${[...listed, key].join(', ')}], …).`,
      details: { key, listed: [...listed] },
    },
  )
