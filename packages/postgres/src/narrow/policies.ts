import { quoteName } from '../quote.ts'
import { keySetting, keyValueSql } from './setting.ts'

/**
 * Restrictive, so that it holds beside whatever policies the app has, and so that PostgreSQL names it
 * in the error of a row that does not pass.
 */
export const keyPolicy = 'banyan_key'

/**
 * Permissive: without any such policy no row would be seen at all. It stands only where row security
 * was not the app's own, which is also how we know that it was we who enabled it.
 */
export const allPolicy = 'banyan_all'

/** Raised whenever the policies below change, so that all are made anew. */
const policyVersion = 1

/** Kept as the comment on the policy, and compared the next time. */
export const markOf = (by: string): string => `banyan ${policyVersion} ${by}`

/** The statements that narrow one relation. `table` is qualified and quoted. */
export function narrowingSql(table: string, by: string, enables: boolean): string[] {
  const passes = `coalesce(pg_catalog.current_setting('${keySetting}', true), '')
    in ('', ${keyValueSql(`${quoteName(by)}::text`)})`
  const mark = markOf(by).replaceAll("'", "''")
  return [
    ...(enables
      ? [
          `create policy ${allPolicy} on ${table} using (true) with check (true)`,
          `alter table ${table} enable row level security`,
        ]
      : []),
    `create policy ${keyPolicy} on ${table} as restrictive using (${passes}) with check (${passes})`,
    `comment on policy ${keyPolicy} on ${table} is '${mark}'`,
  ]
}
