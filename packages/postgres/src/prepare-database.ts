import { BanyanError } from '@banyan/model'
import { Client } from 'pg'
import { quoteName } from './quote.ts'
import { adminRole, appRole, ownerRole } from './roles.ts'
import { existingTablesSql, lockSchemaSql, schemaFormat, schemaSql } from './schema.ts'
import { scramVerifier, verifies } from './scram.ts'

/** The name of the database and the passwords of the two roles that log in to it. */
export type DatabaseOptions = { database: string; ownerPassword: string; appPassword: string }

/** Any number will do, as long as nobody else uses it: the bytes of "banyan". */
const lockKey = '108170603684206'

/**
 * Makes the roles, the database, Banyan's schema in it and the grants; what is there already stays.
 * Several callers at once are put in a row by an advisory lock, so all of them connect to the same
 * database (`postgres`, as a rule).
 *
 * @param admin a connected superuser of the cluster
 * @throws BANYAN_DATABASE_FOREIGN when the database or its schema belongs to another role,
 *   BANYAN_DATABASE_NEWER when a newer Banyan prepared it
 * @example await prepareDatabase(admin, { database: 'notes', ownerPassword, appPassword })
 */
export async function prepareDatabase(admin: Client, options: DatabaseOptions): Promise<void> {
  await admin.query(`select pg_advisory_lock(${lockKey})`)
  try {
    await ensureRole(admin, ownerRole, options.ownerPassword)
    await ensureRole(admin, appRole, options.appPassword)
    await admin.query(allowDeadlockTimeoutSql)
    await ensureDatabase(admin, options.database)
    await withDatabase(admin, options.database, prepareSchema)
  } finally {
    // A broken connection has given the lock back by itself; its first error is the one to tell.
    await admin.query(`select pg_advisory_unlock(${lockKey})`).catch(() => {})
  }
}

/**
 * A migration under load waits for its locks for moments only, and autovacuum yields no sooner than
 * `deadlock_timeout`, which only superusers may change.
 */
const allowDeadlockTimeoutSql = `do $$ begin
  if not has_parameter_privilege('${ownerRole}', 'deadlock_timeout', 'set') then
    grant set on parameter deadlock_timeout to ${ownerRole};
  end if;
end $$`

async function ensureRole(admin: Client, role: string, password: string): Promise<void> {
  const { rows } = await admin.query(
    `select rolpassword as verifier, rolcanlogin and not (rolsuper or rolcreatedb or rolcreaterole
       or rolreplication or rolbypassrls) as fits from pg_authid where rolname = $1`,
    [role],
  )
  const [found] = rows
  if (found?.fits && verifies(found.verifier, password)) return
  const verb = found === undefined ? 'create' : 'alter'
  await admin.query(
    `${verb} role ${quoteName(role)} login nosuperuser nocreatedb nocreaterole noreplication
     nobypassrls password '${scramVerifier(password)}'`,
  )
}

async function ensureDatabase(admin: Client, database: string): Promise<void> {
  const { rows } = await admin.query(
    `select pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding
     from pg_database where datname = $1`,
    [database],
  )
  const [found] = rows
  if (found === undefined) {
    // `template0`, so that nothing that somebody put into template1 comes along.
    await admin.query(
      `create database ${quoteName(database)} owner ${ownerRole} template template0 encoding 'UTF8'`,
    )
  } else if (found.owner !== ownerRole) {
    throw foreign(`The database "${database}"`, found.owner)
  } else if (found.encoding !== 'UTF8') {
    throw new BanyanError(
      'BANYAN_DATABASE_FOREIGN',
      `The database "${database}" is encoded in ${found.encoding}; keys are hashed as UTF-8.`,
      { hint: 'Make a database with encoding UTF8 and load the data into it.' },
    )
  }
}

/** Runs in the database itself: the schema, its tables, the grants. */
async function prepareSchema(client: Client, database: string): Promise<void> {
  await client.query('begin')
  try {
    const isNew = await refuseForeignSchema(client)
    await client.query(`
      revoke all on database ${quoteName(database)} from public;
      grant connect, temporary on database ${quoteName(database)} to ${appRole};
      revoke create on schema public from public;
      grant usage on schema public to ${appRole};
      create schema if not exists banyan authorization ${ownerRole};
      set local role ${ownerRole};`)
    await client.query(schemaSql + lockSchemaSql + (isNew ? existingTablesSql : ''))
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Returns whether the schema is still to be made. */
async function refuseForeignSchema(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    `select pg_get_userbyid(nspowner) as owner, to_regclass('banyan.settings') is not null as made
     from pg_namespace where nspname = 'banyan'`,
  )
  const [schema] = rows
  if (schema === undefined) return true
  if (schema.owner !== ownerRole) throw foreign('The schema "banyan"', schema.owner)
  if (!schema.made) return true
  const { rows: settings } = await client.query('select format from banyan.settings')
  const format = settings[0]?.format ?? schemaFormat
  if (format > schemaFormat) {
    throw new BanyanError(
      'BANYAN_DATABASE_NEWER',
      `The schema "banyan" has format ${format}; this version knows formats up to ${schemaFormat}.`,
      { hint: 'Install the version of Banyan that the system ran on last.' },
    )
  }
  return false
}

function foreign(what: string, owner: string): BanyanError {
  return new BanyanError(
    'BANYAN_DATABASE_FOREIGN',
    `${what} belongs to the role "${owner}", not to "${ownerRole}".`,
    { hint: 'Give the system another name, or drop what is in the way if nobody needs it.' },
  )
}

/** Runs `work` in another database of the same server, as the same user. */
async function withDatabase(
  admin: Client,
  database: string,
  work: (client: Client, database: string) => Promise<void>,
): Promise<void> {
  const { host, port, user = adminRole, password, ssl } = admin
  const client = new Client({
    host,
    port,
    user,
    database,
    ssl,
    ...(password == null ? {} : { password }),
  })
  // Without a listener, a server that dies here would end this process.
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client, database)
  } finally {
    await client.end()
  }
}
