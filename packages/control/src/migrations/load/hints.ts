import type { BigTable } from './facts.ts'

/** The safe ways, each with the statements that it takes. */
export const hints = {
  newColumn: (column: string, type = 'the new type'): string =>
    `Add a new column of ${type}, keep it filled by a trigger, fill the old rows with \`-- banyan: repeat\`, let the code change over, and drop "${column}" with \`-- banyan: contract\`.`,
  defaultLater: (column: string): string =>
    `Add "${column}" without a default; \`alter column ${column} set default …\` in the next statement, for new rows; fill the old ones with \`-- banyan: repeat\`.`,
  notNull: (table: string, column: string): string =>
    `\`alter table ${table} add constraint ${table}_${column}_set check (${column} is not null) not valid\`; in the next file \`alter table ${table} validate constraint ${table}_${column}_set\`; then SET NOT NULL does not look at the rows again.`,
  notValid: (table: string, name: string): string =>
    `Add it NOT VALID, and in the next file \`alter table ${table} validate constraint ${name}\`: that lets everybody write meanwhile.`,
  usingIndex: (table: string, kind: string): string =>
    `\`create unique index concurrently ${table}_new_idx on ${table} (…)\` in a file marked \`-- banyan: no-transaction\`; then \`alter table ${table} add ${kind} using index ${table}_new_idx\`.`,
  concurrently: ({ kind, name }: BigTable): string =>
    kind === 'p'
      ? `\`create index … on only ${name} (…)\`; then per partition \`create index concurrently …\` in a file marked \`-- banyan: no-transaction\`, and \`alter index … attach partition …\`.`
      : 'Write CONCURRENTLY, in a file of its own marked `-- banyan: no-transaction`.',
  batches: (table: string): string =>
    `Do it in batches, in a file marked \`-- banyan: repeat\`: \`… where id in (select id from ${table} where … limit 1000)\` runs until it changes no row.`,
  rebuild:
    'Plain VACUUM makes the room usable again while everybody works; pg_repack gives it back to the disk.',
  rewrite:
    'It rewrites the table while nobody can read it. Make a new table as it should be, fill it with `-- banyan: repeat` and a trigger, and let the code change over.',
  lock: 'Leave it out: each statement takes the lock that it needs. What needs several tables at rest belongs into a new table.',
  ownFile: 'Put it into a file of its own: a transaction keeps its locks until its end.',
  attach: (partition: string): string =>
    `First \`alter table ${partition} add constraint ${partition}_bounds check (…the bounds of the partition…) not valid\`, in the next file \`validate constraint ${partition}_bounds\`; then attaching does not look at the rows.`,
} as const
