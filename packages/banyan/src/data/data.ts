import { BanyanError } from '@banyan/model'
import { onStop } from '../lifecycle.ts'
import { askEverywhere } from './everywhere.ts'
import { keyText } from './key.ts'
import { transactKeys } from './keyed-transaction.ts'
import { findLookup, type Lookup, lookupsOf, lookupValues } from './lookup.ts'
import { NarrowScope } from './narrow-scope.ts'
import { checkConsistency, checkNames } from './options.ts'
import { KeyScope } from './scope.ts'
import { busyTimeoutDefaultMs, type Hold, holdDefault } from './shard.ts'
import { readSystemFile } from './system-file.ts'
import { SystemRuntime } from './system-runtime.ts'
import type { Consistency, Data, Scope } from './types.ts'

export type OpenDataOptions = {
  /** Path of the file of the system. Asked for at the first use. */
  readonly systemFile: () => string | undefined
  readonly hold?: Hold
  readonly busyTimeoutMs?: number
}

type Opened = { readonly runtime: SystemRuntime; readonly lookups: ReadonlyMap<string, Lookup> }

/** Makes the data runtime of one system. Nothing is read or opened before the first use. */
export function openData(options: OpenDataOptions): Data {
  let opened: Opened | null = null
  let closing: Promise<void> | null = null

  function open(): Opened {
    if (closing !== null) throw closed()
    if (opened !== null) return opened
    const path = options.systemFile()
    const file = readSystemFile(path)
    const { hold = holdDefault, busyTimeoutMs = busyTimeoutDefaultMs } = options
    const runtime = new SystemRuntime(path ?? '', file, { hold, busyTimeoutMs })
    opened = { runtime, lookups: lookupsOf(file) }
    onStop(close)
    return opened
  }

  function close(): Promise<void> {
    closing ??= opened?.runtime.close() ?? Promise.resolve()
    return closing
  }

  return {
    of(key, of) {
      const { runtime } = open()
      const text = keyText(key, runtime.keyType)
      return scopeOf(runtime, text, levelOf(of))
    },
    async by(name, value, by) {
      const { runtime, lookups } = open()
      const level = levelOf(by)
      const lookup = findLookup(lookups, name)
      const values = lookupValues(lookup, value)
      const [row] = await runtime.shard.read<{ key: string }>({ text: lookup.text, values }, level)
      return row === undefined ? null : scopeOf(runtime, row.key, level)
    },
    async transaction(keys, work, transaction = {}) {
      const { runtime } = open()
      return transactKeys(runtime.shard, runtime, keys, work, transaction)
    },
    async everywhere(query) {
      return askEverywhere(open().runtime.shards, query)
    },
    close,
  }
}

function scopeOf(runtime: SystemRuntime, key: string, level: Consistency): Scope {
  const { shard, narrowed } = runtime
  if (narrowed === null) return new KeyScope(shard, key, level)
  return new NarrowScope(shard, level, { key, tables: narrowed, amongOthers: false })
}

function levelOf(options: { readonly consistency?: Consistency } | undefined): Consistency {
  if (options === undefined) return 'strong'
  checkNames(options, ['consistency'])
  return checkConsistency(options.consistency)
}

const closed = (): BanyanError =>
  new BanyanError('BANYAN_DATA_CLOSED', 'The data runtime was closed, and was used again.', {
    hint: 'Nothing may ask for data once the process stops.',
  })

/** The data of the system that this process belongs to. See {@link Data}. */
export const data: Data = openData({ systemFile: () => process.env.BANYAN_SYSTEM })
