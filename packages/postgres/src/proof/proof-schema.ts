import { appRole, ownerRole } from '../roles.ts'

/** The schema of the tables behind `/-/prove`. The app's own tables are never touched by it. */
export const proofSchema = 'banyan_proof'

/**
 * Makes the tables behind `/-/prove`, run as the owner role; what is there already stays.
 *
 * Elements have no unique constraint on purpose: a write that was done twice has to be visible, and
 * not be refused. Texts compare byte by byte, so that a run's keys are one stretch of each index.
 */
export const proofSql = `
  create schema if not exists ${proofSchema} authorization ${ownerRole};
  revoke all on schema ${proofSchema} from public;
  grant usage on schema ${proofSchema} to ${appRole};
  create table if not exists ${proofSchema}.lists (
    key text collate "C" primary key,
    elements bigint[] not null
  );
  create table if not exists ${proofSchema}.registers (
    key text collate "C" primary key,
    value bigint not null
  );
  create table if not exists ${proofSchema}.elements (
    id uuid primary key default gen_random_uuid(),
    key text collate "C" not null,
    value bigint not null
  );
  create index if not exists elements_key on ${proofSchema}.elements (key);
  create table if not exists ${proofSchema}.accounts (
    key text collate "C" primary key,
    balance bigint not null
  );
  grant select, insert, update, delete on all tables in schema ${proofSchema} to ${appRole};
`
