import { BanyanError, type ShardedTable, type Table } from '@banyan/model'

/** One way in which a declaration cannot change while the release before still runs. */
export type Clash = { readonly table: string; readonly message: string; readonly hint: string }

/**
 * The tables as two releases side by side need them: what either declares. What only the older one
 * has goes in the contract phase.
 *
 * @throws BANYAN_TABLES_INVALID
 */
export function uniteTables(
  tables: readonly Table[],
  alongside: readonly Table[] | null,
): readonly Table[] {
  if (alongside === null) return tables
  const clashes = findClashes(tables, alongside)
  if (clashes.length > 0) throw clashing(clashes)
  const older = new Map(alongside.map((table) => [table.name, table]))
  const named = new Set(tables.map(({ name }) => name))
  return [
    ...tables.map((table) => unite(table, older.get(table.name))),
    ...alongside.filter(({ name }) => !named.has(name)),
  ]
}

/** Whether something is declared by the release that runs, and not by this one. */
export function sheds(tables: readonly Table[], alongside: readonly Table[] | null): boolean {
  const declared = new Set(tables.flatMap(partsOf))
  return (alongside ?? []).flatMap(partsOf).some((part) => !declared.has(part))
}

const partsOf = (table: Table): string[] =>
  table.kind === 'reference'
    ? []
    : [table.name, ...table.unique.map((columns) => `${table.name} ${columns.join()}`)]

function unite(table: Table, older: Table | undefined): Table {
  if (older === undefined || older.kind === 'reference') return table
  if (table.kind === 'reference') return older
  const known = new Set(table.unique.map((columns) => columns.join()))
  const kept = older.unique.filter((columns) => !known.has(columns.join()))
  return { ...table, unique: [...table.unique, ...kept] }
}

function findClashes(tables: readonly Table[], alongside: readonly Table[]): Clash[] {
  const older = new Map(
    alongside.flatMap((table) => (isSharded(table) ? [[table.name, table]] : [])),
  )
  return tables.filter(isSharded).flatMap(({ name, by }) => {
    const before = older.get(name)
    if (before === undefined || before.by === by) return []
    return [
      {
        table: name,
        message: `it is declared by "${by}", and by "${before.by}" in the release that runs`,
        hint: 'A row cannot belong to two keys at once: make a new table by the new key, fill it, and let the code change over; drop the old one with `-- banyan: contract`.',
      },
    ]
  })
}

const isSharded = (table: Table): table is ShardedTable => table.kind === 'sharded'

function clashing(clashes: readonly Clash[]): BanyanError {
  const lines = clashes.map(({ table, message, hint }) => `- ${table}: ${message}. ${hint}`)
  return new BanyanError(
    'BANYAN_TABLES_INVALID',
    `The declared tables cannot change like this while the app serves:\n${lines.join('\n')}`,
    { hint: 'Mend data.tables in the config, as each line says.', details: { faults: clashes } },
  )
}
