import { BanyanError } from '@banyan/model'
import { claimKeySql, forgetKeysSql, recallKeySql, storeResultSql } from '@banyan/postgres'
import pg from 'pg'
import type { Session } from './session.ts'
import type { Shard } from './shard.ts'

/**
 * A key makes a transaction repeatable: the transaction stores it, with what it gave, and whoever comes with
 * it again gets that. So an end that nobody knows is found out by running it once more.
 */

/** How far a transaction with a key has come. */
export type Keyed = { readonly key: string; stage: 'claim' | 'work' | 'commit' }

export const newKeyed = (key: string): Keyed => ({ key, stage: 'claim' })

const keyBytesMax = 1_024

export function checkIdempotencyKey(key: unknown): void {
  if (key === undefined) return
  const isKey = typeof key === 'string' && key !== '' && !key.includes('\0')
  if (isKey && Buffer.byteLength(key) <= keyBytesMax) return
  const found = typeof key === 'string' ? `a text of ${Buffer.byteLength(key)} bytes` : typeof key
  throw new BanyanError('BANYAN_OPTION_INVALID', `idempotencyKey was given ${found}.`, {
    hint: `It is a text of 1 to ${keyBytesMax} bytes that stands for one deed: the id of an order, or the Idempotency-Key of the request.`,
  })
}

/**
 * Takes the key for the transaction that runs. Gives what an earlier one stored, or null when this is the
 * first; then it waits for nobody else who is at it.
 */
export async function claim(session: Session, key: string): Promise<{ value: unknown } | null> {
  try {
    const claimed = await session.run({ text: claimKeySql, values: [key] })
    if (claimed.rowCount === 1) return null
    const { rows } = await session.run({ text: recallKeySql, values: [key] })
    return { value: parse(rows[0]?.result) }
  } catch (error) {
    throw error instanceof pg.DatabaseError && error.code === '42P01' ? unknownHere(error) : error
  }
}

/** Stores what the callback gave, and gives it in the form in which it will be given again. */
export async function store(session: Session, key: string, value: unknown): Promise<unknown> {
  const { rows } = await session.run({ text: storeResultSql, values: [key, render(value)] })
  return parse(rows[0]?.result)
}

const parse = (result: string | null | undefined): unknown =>
  result === null || result === undefined ? undefined : JSON.parse(result)

function render(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null
  } catch (cause) {
    throw new BanyanError(
      'BANYAN_OPTION_INVALID',
      `What a transaction with an idempotencyKey gives is stored as JSON, which it cannot be: ${(cause as Error).message}`,
      { hint: 'Return plain data (a bigint as text), or nothing.', cause },
    )
  }
}

/**
 * Whether a transaction is run again by itself: nothing of it stays, or its end is unknown, and the key will
 * tell. What its callback did elsewhere may then happen twice, as with `retry`.
 */
export function mayAskAgain(error: unknown, { stage }: Keyed): boolean {
  if (BanyanError.is(error)) {
    if (error.code === 'BANYAN_CONNECTION_LOST') return true
    return error.code === 'BANYAN_OUTCOME_UNKNOWN' && stage === 'commit'
  }
  // Another one stored the key after this transaction's snapshot: it will be found by the next.
  return stage === 'claim' && error instanceof pg.DatabaseError && error.code === '40001'
}

const forgetEvery = 64

/** Old keys are removed in passing, by one of many transactions that have one. Nobody waits for it. */
export function forgetInPassing(shard: Shard, random: () => number = Math.random): void {
  if (random() * forgetEvery >= 1) return
  shard.write({ text: forgetKeysSql, values: [] }).catch(() => {})
}

const unknownHere = (cause: Error): BanyanError =>
  new BanyanError(
    'BANYAN_OPTION_INVALID',
    'An idempotencyKey was given, and the database has no table to keep it in.',
    {
      hint: 'An adopted database has none of our tables: keep the key in one of your own. Else start the system again (`banyan up`), which makes it.',
      cause,
    },
  )
