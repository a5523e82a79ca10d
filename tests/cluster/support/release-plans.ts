import type { ReleaseApp } from './release-app.ts'

/** A release that a test makes, and what is to become of it. */
export type PlannedRelease = {
  readonly name: string
  /** Null for a good one: it comes live. Else why it is undone. */
  readonly undoneBecause: RegExp | null
  edit(app: ReleaseApp): Promise<void>
  /** What whoever wrote it would do afterwards; the mood is the next release's own. */
  mend?(app: ReleaseApp): Promise<void>
}

const good = (name: string, edit: PlannedRelease['edit']): PlannedRelease => ({
  name,
  undoneBecause: null,
  edit,
})

/** Code alone. */
export const newCode = good('new code', async (app) => await app.become({ release: 'second' }))

/** A column beside the one that it is to take the place of; both are written from now on. */
export const expanding = good('a new column', async (app) => {
  await app.write('migrations/0002_body.sql', 'alter table notes add column body text;\n')
  await app.become({ release: 'expanded', notes: 'both' })
})

/** Rows that were written before get the new column filled, which is read from now on; both are still written. */
export const backfilling = good('a backfill in batches', async (app) => {
  await app.write('migrations/0003_backfill.sql', backfill)
  await app.become({ release: 'backfilled', notes: 'filled' })
})

const backfill = `-- banyan: repeat
update notes set body = legacy where user_id in (
  select user_id from notes where body is null and legacy is not null limit 100
);
`

/** The old column goes, once nobody knows it any more. */
export const contracting = good('a column that goes', async (app) => {
  await app.write(
    'migrations/0004_legacy.sql',
    '-- banyan: contract\nalter table notes drop column legacy;\n',
  )
  await app.become({ release: 'contracted', notes: 'body' })
})

/** A climb and a release in one plan: a worker and a second service with a route. */
export const reshaping = good('services of another shape', async (app) => {
  await app.write('banyan.config.ts', reshaped)
  await app.become({ release: 'reshaped' })
})

const reshaped = `import { defineSystem } from 'banyan'

export default defineSystem({
  name: 'released',
  services: {
    web: { run: 'node src/web.ts', routes: ['/'], stopTimeoutMs: 8_000 },
    admin: { run: 'node src/admin.ts', routes: ['/admin'] },
    clock: { run: 'node src/clock.ts' },
  },
  data: {
    migrations: './migrations',
    tables: { notes: { by: 'user_id' }, entries: { by: 'user_id' } },
  },
  proof: './proof.ts',
})
`

export const crashing: PlannedRelease = {
  name: 'a crash at the start',
  undoneBecause: /no mood to start today/,
  edit: async (app) => await app.become({ release: 'crashing', start: 'crashes' }),
}

export const neverReady: PlannedRelease = {
  name: 'a process that is never ready',
  undoneBecause: /not ready/,
  edit: async (app) => {
    const config = await app.take('banyan.config.ts')
    await app.write(
      'banyan.config.ts',
      config.replace(usualTime, `startTimeoutMs: 3_000, ${usualTime}`),
    )
    await app.become({ release: 'late', start: 'never' })
  },
  mend: async (app) => {
    const config = await app.take('banyan.config.ts')
    await app.write('banyan.config.ts', config.replace('startTimeoutMs: 3_000, ', ''))
  },
}

/** A start has all the time that a busy machine takes, but where it is to end in vain. */
const usualTime = 'stopTimeoutMs'

export const badMigration: PlannedRelease = {
  name: 'a migration that fails',
  undoneBecause: /0009_broken/,
  edit: async (app) => {
    await app.become({ release: 'broken' })
    await app.write(
      'migrations/0009_broken.sql',
      "create table broken (id int);\ninsert into broken values (1 / (length('') * 1));\n",
    )
  },
  mend: async (app) => await app.delete('migrations/0009_broken.sql'),
}

export const failing: PlannedRelease = {
  name: '5% of the answers are 500',
  undoneBecause: /fail/,
  edit: async (app) => await app.become({ release: 'failing', failing: 0.05 }),
}

export const slow: PlannedRelease = {
  name: 'every answer 300 ms later',
  undoneBecause: /ms/,
  edit: async (app) => await app.become({ release: 'slow', slowerMs: 300 }),
}
