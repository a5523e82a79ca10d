/** Folders whose content the server makes anew, or which belongs to one server only. */
const emptied = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
])

/** Files that say something of the running server, or of its role. */
const leftOut = new Set([
  'backup_label',
  'backup_manifest',
  'banyan-replicator.pgpass',
  'banyan-role.conf',
  'current_logfiles',
  'postmaster.opts',
  'postmaster.pid',
  'promote',
  'recovery.signal',
  'standby.signal',
  'tablespace_map',
])

/** Whether the content of a folder, named from the data directory, is left out of a copy. */
export const isEmptied = (folder: string): boolean => emptied.has(folder)

/**
 * Whether a file is left out of a copy: `pg_internal.init` caches, tables of sessions (`t3_16384`), what
 * a sort spilled, and files that are being replaced.
 */
export function isLeftOut(name: string): boolean {
  if (leftOut.has(name) || name.startsWith('pgsql_tmp') || name.startsWith('pg_internal.init')) {
    return true
  }
  return /^t\d+_\d+(_\w+)?(\.\d+)?$/.test(name) || /\.new-[0-9a-f]+$|\.tmp$/.test(name)
}
