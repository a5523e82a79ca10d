import type { ShardedTable } from '@banyan/model'
import { quoteName, quoteText } from '../quote.ts'
import type { ColumnFacts, TableFacts } from './facts.ts'
import {
  constraintNameOf,
  keeperOf,
  keyTrigger,
  keyTriggerBefore,
  lookupOf,
  triggerOf,
  truncaterOf,
} from './names.ts'

/** A change of a shard key is refused with this SQLSTATE, of Banyan's private class BN. */
export const keyChangedState = 'BN001'

/** A column of a lookup with the operator by which its index compares. */
export type Comparison = { readonly column: string; readonly operator: string }

/** A trigger as it has to be: where, under which name, and the statement that makes it so. */
export type TriggerDefinition = {
  readonly table: number
  readonly name: string
  readonly sql: string
}

type Relation = { readonly oid: number; readonly schema: string; readonly name: string }

const definer = `language plpgsql security definer set search_path = pg_catalog, pg_temp`

/** The columns of a lookup in SQL: the unique ones as in the table, then the shard key. */
export function lookupColumns(
  table: ShardedTable,
  found: TableFacts,
  columns: readonly string[],
): ColumnFacts[] {
  return [...columns, table.by].map((name) => {
    const column = found.columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`"${table.name}" has no column "${name}"`)
    return column
  })
}

export function createLookupSql(
  table: ShardedTable,
  found: TableFacts,
  columns: readonly string[],
): string {
  const defined = lookupColumns(table, found, columns).map(
    ({ name, type, collation }) =>
      `${quoteName(name)} ${type}${collation === null ? '' : ` collate ${collation}`} not null`,
  )
  const constraint = quoteName(constraintNameOf(table.name, columns))
  return `create table ${lookupSql(table, columns)} (${defined.join(', ')},
    constraint ${constraint} primary key (${columns.map(quoteName).join(', ')}))`
}

/** `banyan."unique_users_email"`. */
export const lookupSql = (table: ShardedTable, columns: readonly string[]): string =>
  `banyan.${quoteName(lookupOf(table.name, columns).name)}`

/**
 * The function that keeps one lookup. It takes a value by ON CONFLICT DO NOTHING, which waits for
 * whoever is taking the same one, and costs no subtransaction per row; when nothing was inserted it
 * says what a unique index would have said.
 *
 * An old value whose lookup row is not found was put there after the snapshot of a REPEATABLE READ
 * transaction (by a rebuild), so that to go on would leave it taken for ever.
 */
export function keeperSql(
  table: ShardedTable,
  columns: readonly string[],
  comparisons: readonly Comparison[],
): string {
  const lookup = lookupSql(table, columns)
  const key = quoteName(table.by)
  const match = comparisons.map(
    ({ column, operator }) => `kept.${quoteName(column)} ${operator} old.${quoteName(column)}`,
  )
  const names = [...columns, table.by].map(quoteName)
  return `create or replace function banyan.${quoteName(keeperOf(table.name, columns))}()
    returns trigger ${definer} as $banyan$
begin
  if tg_op <> 'INSERT' and ${allPresent('old', columns)} then
    delete from ${lookup} as kept where ${match.join(' and ')} and kept.${key} = old.${key};
    if not found and current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
      raise exception using errcode = 'serialization_failure',
        message = 'could not serialize access due to concurrent update';
    end if;
  end if;
  if tg_op <> 'DELETE' and ${allPresent('new', columns)} then
    insert into ${lookup} (${names.join(', ')})
      values (${names.map((name) => `new.${name}`).join(', ')}) on conflict do nothing;
    if not found then
      ${raiseTaken(table, columns)}
    end if;
  end if;
  return null;
end $banyan$`
}

const allPresent = (row: 'old' | 'new', columns: readonly string[]): string =>
  `num_nonnulls(${columns.map((column) => `${row}.${quoteName(column)}`).join(', ')}) = ${columns.length}`

/** Code, message, detail and fields as of a violated index, whose name would have been this. */
function raiseTaken(table: ShardedTable, columns: readonly string[]): string {
  const constraint = constraintNameOf(table.name, columns)
  const detail = `Key (${columns.map(displayName).join(', ')})=(`.replaceAll('%', '%%')
  const values = columns.map((column) => `new.${quoteName(column)}`).join(', ')
  return `raise exception using errcode = 'unique_violation',
        message = ${quoteText(`duplicate key value violates unique constraint "${constraint}"`)},
        detail = format(${quoteText(`${detail}${columns.map(() => '%s').join(', ')}) already exists.`)}, ${values}),
        schema = 'public', table = ${quoteText(table.name)}, constraint = ${quoteText(constraint)};`
}

/** Names in PostgreSQL's details are quoted only where they must be. */
const displayName = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteName(name)

/**
 * The function that runs before TRUNCATE. The whole table: the lookup is truncated as well, since a
 * DELETE would miss what a REPEATABLE READ snapshot does not see. A partition: its rows' values go;
 * under REPEATABLE READ that is refused, unless the whole was truncated just before.
 */
export function truncaterSql(
  table: ShardedTable,
  columns: readonly string[],
  comparisons: readonly Comparison[],
): string {
  const lookup = lookupSql(table, columns)
  const key = quoteName(table.by)
  const match = comparisons.map(
    ({ column, operator }) => `kept.${quoteName(column)} ${operator} gone.${quoteName(column)}`,
  )
  const deletion = `delete from ${lookup} as kept using %I.%I as gone where `.concat(
    `${match.join(' and ')} and kept.${key} = gone.${key}`.replaceAll('%', '%%'),
  )
  return `create or replace function banyan.${quoteName(truncaterOf(table.name, columns))}()
    returns trigger ${definer} as $banyan$
begin
  if tg_argv[0] = 'whole' then
    truncate ${lookup};
  elsif pg_relation_size(${quoteText(lookup)}::regclass) > 0 then
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
      raise exception using errcode = 'feature_not_supported',
        message = 'a partition of a table with unique values cannot be truncated under REPEATABLE READ',
        hint = 'Use READ COMMITTED.';
    end if;
    execute format(${quoteText(deletion)}, tg_table_schema, tg_table_name);
  end if;
  return null;
end $banyan$`
}

/** One function for all tables: the column's name is the trigger's argument. */
export const refuseKeyChangeSql = `create or replace function banyan.refuse_key_change()
  returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $banyan$
begin
  raise exception using errcode = '${keyChangedState}',
    message = format('the shard key "%s" of table "%s" cannot change', tg_argv[0], tg_argv[1]),
    detail = format('It would have changed from %s to %s.', to_jsonb(old) -> tg_argv[0], to_jsonb(new) -> tg_argv[0]),
    hint = 'Insert the row under its new key and delete the old one, in one transaction.',
    schema = 'public', table = tg_argv[1], column = tg_argv[0];
end $banyan$`

/** Every trigger of a table, its partitions included. */
export function triggersOf(table: ShardedTable, found: TableFacts): TriggerDefinition[] {
  const root = { oid: found.oid, schema: 'public', name: found.name }
  return [
    ...keyTriggers(table, found, root),
    ...table.unique.flatMap((columns) => [
      ...rowTriggers(table, columns, root),
      ...truncateTriggers(table, columns, found, root),
    ]),
  ]
}

/**
 * Refuses a change of the shard key AFTER the row, so that a BEFORE trigger of the app cannot
 * rewrite the key past it. A row that moves between partitions fires no AFTER UPDATE, hence a
 * BEFORE trigger besides on partitioned tables.
 */
function keyTriggers(
  table: ShardedTable,
  { kind }: TableFacts,
  root: Relation,
): TriggerDefinition[] {
  const key = quoteName(table.by)
  const action = `update on ${relationSql(root)} for each row
    when (old.${key} is distinct from new.${key})
    execute function banyan.refuse_key_change(${quoteText(table.by)}, ${quoteText(table.name)})`
  const after = define(root, keyTrigger, 'after', action)
  return kind === 'p' ? [after, define(root, keyTriggerBefore, 'before', action)] : [after]
}

/**
 * Three triggers, since PostgreSQL refuses a WHEN on OLD and NEW in one for all events. The one for
 * UPDATE names no columns: `update of` looks at the statement, so that a BEFORE trigger that
 * changes the value would pass it. WHEN lets unrelated updates pass before anything is queued.
 */
function rowTriggers(
  table: ShardedTable,
  columns: readonly string[],
  root: Relation,
): TriggerDefinition[] {
  const distinct = columns
    .map(quoteName)
    .map((column) => `old.${column} is distinct from new.${column}`)
    .join(' or ')
  const conditions = {
    insert: allPresent('new', columns),
    update: distinct,
    delete: allPresent('old', columns),
  }
  return Object.entries(conditions).map(([event, condition]) =>
    define(
      root,
      triggerOf(columns, event),
      'after',
      `${event} on ${relationSql(root)} for each row when (${condition})
        execute function banyan.${quoteName(keeperOf(table.name, columns))}()`,
    ),
  )
}

/** TRUNCATE of a partition fires the partition's own trigger only, and PostgreSQL clones none. */
function truncateTriggers(
  table: ShardedTable,
  columns: readonly string[],
  { partitions }: TableFacts,
  root: Relation,
): TriggerDefinition[] {
  return [root, ...partitions].map((relation) =>
    define(
      relation,
      triggerOf(columns, 'truncate'),
      'before',
      `truncate on ${relationSql(relation)} for each statement
        execute function banyan.${quoteName(truncaterOf(table.name, columns))}('${relation === root ? 'whole' : 'partition'}')`,
    ),
  )
}

const define = (
  relation: Relation,
  name: string,
  when: string,
  action: string,
): TriggerDefinition => ({
  table: relation.oid,
  name,
  sql: `create or replace trigger ${quoteName(name)} ${when} ${action}`,
})

const relationSql = ({ schema, name }: Relation): string =>
  `${quoteName(schema)}.${quoteName(name)}`
