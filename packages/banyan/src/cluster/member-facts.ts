import { type MemberRow, memberFactsOf, memberFactsSql } from '@banyan/postgres'
import type pg from 'pg'
import type { Said } from './choose-primary.ts'

/** What a watcher hears of a member: what it says of itself, and which catalog it has. */
export type Answer = Said & {
  /** Of `banyan.catalog`; null where there is none. */
  readonly catalogVersion: number | null
  /** When it was asked, on the clock of `performance.now()`: what it said was true then, or later. */
  readonly askedAt: number
}

type Row = MemberRow & { readonly reigns: string | null; readonly catalog_version: string | null }

const ours = {
  name: 'banyan_member_facts',
  text: `select facts.*, (select node from banyan.term) as reigns,
    (select version::text from banyan.catalog) as catalog_version
  from (${memberFactsSql(true)}) facts`,
}

const foreignSql = {
  name: 'banyan_member_facts',
  text: `select facts.*, null::text as reigns, null::text as catalog_version
  from (${memberFactsSql(false)}) facts`,
}

/** Asks a server what it is. Under somebody else's high availability nothing of ours is in it. */
export async function askMember(client: pg.ClientBase, foreign: boolean): Promise<Answer> {
  return await askOnce(client, foreign ? foreignSql : ours)
}

/** The same on a connection of the app's, in which nothing is left behind. */
export async function examineMember(client: pg.ClientBase, foreign: boolean): Promise<Answer> {
  return await askOnce(client, { text: (foreign ? foreignSql : ours).text })
}

async function askOnce(client: pg.ClientBase, query: pg.QueryConfig): Promise<Answer> {
  const askedAt = performance.now()
  const { rows } = await client.query<Row>(query)
  const row = rows[0] as Row
  const { reigns, catalog_version: version } = row
  return {
    facts: memberFactsOf(row),
    reigns,
    catalogVersion: version === null ? null : Number(version),
    askedAt,
  }
}
