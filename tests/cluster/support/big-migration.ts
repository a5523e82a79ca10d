import pg from 'pg'
import { findTarget } from '../../../apps/conduit/src/seed/target.ts'
import type { ReleaseSystem } from './releases.ts'

/**
 * A big table of the app of `release-app` gets another column, an index and its values in batches, and
 * loses the old column, as docs/guide/migrations.md says.
 *
 * Old nodes know the old column only, new ones the new one: while both run a trigger keeps the two
 * alike, and what was there before is filled in batches.
 */
export const expanding = (batch: number) => ({
  '0002_body.sql': `alter table notes add column body text;
    create function keep_alike() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        new.body = coalesce(new.body, new.legacy);
        new.legacy = new.body;
      elsif new.legacy is distinct from old.legacy then
        new.body = new.legacy;
      elsif new.body is distinct from old.body then
        new.legacy = new.body;
      end if;
      return new;
    end $$;
    create trigger keep_alike before insert or update on notes
      for each row execute function keep_alike()`,
  '0003_indexes.sql': `-- banyan: no-transaction
    create index concurrently notes_unfilled on notes (user_id) where body is null and legacy is not null;
    create index concurrently notes_body on notes (body)`,
  '0004_fill.sql': `-- banyan: repeat
    update notes set body = legacy where user_id in (
      select user_id from notes where body is null and legacy is not null limit ${batch})`,
})

/** Runs when the last node that knows the old column is gone. */
export const contracting = {
  '0005_contract.sql': `-- banyan: contract
    drop trigger keep_alike on notes;
    drop function keep_alike();
    alter table notes drop column legacy`,
}

/** Releases these files, with the app in this mood; gives how long it took. */
export async function releaseFiles(
  { app, release }: ReleaseSystem,
  files: Readonly<Record<string, string>>,
  mood: Parameters<typeof app.become>[0],
): Promise<number> {
  for (const [name, sql] of Object.entries(files)) await app.write(`migrations/${name}`, sql)
  await app.become(mood)
  const report = await release()
  if (report.outcome !== 'done') throw new Error(JSON.stringify(report, null, 2))
  return report.totalMs
}

export async function seedNotes(released: ReleaseSystem, rows: number): Promise<void> {
  await withClient(released, async (client) => {
    await client.query(
      `insert into notes (user_id, legacy)
       select 'seeded-' || n, 'what user ' || n || ' wrote down' from generate_series(1, $1::int) n`,
      [rows],
    )
  })
}

/** How many of the seeded rows have, in the new column, what was in the old one. */
export async function countFilled(released: ReleaseSystem): Promise<number> {
  return await withClient(released, async (client) => {
    const { rows } = await client.query(
      `select count(*)::int as filled from notes
       where user_id like 'seeded-%' and body = 'what user ' || substr(user_id, 8) || ' wrote down'`,
    )
    return rows[0].filled
  })
}

/** The triggers of a table by which its declarations bind whoever writes. */
export async function triggersOf(
  released: ReleaseSystem,
  table: 'notes' | 'entries',
): Promise<string[]> {
  return await withClient(released, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select tgname as name from pg_trigger
       where tgrelid = $1::regclass and not tgisinternal order by 1`,
      [table],
    )
    return rows.map(({ name }) => name)
  })
}

async function withClient<Result>(
  { system }: ReleaseSystem,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(await findTarget(system.state))
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
