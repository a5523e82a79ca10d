import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderAccess, renderSettings, type SettingsInput, settingsOf } from './settings.ts'

const input: SettingsInput = {
  major: 18,
  memoryMb: 1_024,
  cpus: 2,
  address: '127.64.1.1',
  port: 5432,
  clusterName: 'postgres-1',
  platform: 'linux',
  libraries: ['pg_stat_statements'],
}

const settingOf = (name: string, change: Partial<SettingsInput> = {}): string | undefined =>
  settingsOf({ ...input, ...change }).find((setting) => setting.name === name)?.value

/** What a restart would be needed for, and what every replica must offer as much of as its primary. */
const chosenForGood = [
  'wal_level',
  'max_connections',
  'max_wal_senders',
  'max_replication_slots',
  'max_prepared_transactions',
  'max_worker_processes',
  'max_logical_replication_workers',
  'max_active_replication_origins',
  'max_locks_per_transaction',
  'track_commit_timestamp',
  'archive_mode',
  'hot_standby',
  'wal_log_hints',
]

test('what needs a restart is the same on every size', () => {
  const sizes = fc.record({
    memoryMb: fc.integer({ min: 64, max: 1_000_000 }),
    cpus: fc.integer({ min: 1, max: 256 }),
  })
  fc.assert(
    fc.property(sizes, (size) => {
      for (const name of chosenForGood) {
        assert.ok(settingOf(name) !== undefined, name)
        assert.equal(settingOf(name, size), settingOf(name), name)
      }
    }),
  )
})

test('there is room for every kind of thing that the ladder brings', () => {
  assert.equal(settingOf('wal_level'), 'logical')
  assert.ok(Number(settingOf('max_prepared_transactions')) >= Number(settingOf('max_connections')))
  const logical = Number(settingOf('max_logical_replication_workers'))
  assert.ok(Number(settingOf('max_worker_processes')) >= logical + 16)
  assert.ok(Number(settingOf('max_replication_slots')) >= Number(settingOf('max_wal_senders')))
})

test('memory follows from the size and stays within it', () => {
  assert.equal(settingOf('shared_buffers'), '256MB')
  assert.equal(settingOf('effective_cache_size'), '768MB')
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 1_000_000 }), (memoryMb) => {
      const megabytes = (name: string) => Number.parseInt(settingOf(name, { memoryMb }) ?? '', 10)
      assert.ok(megabytes('shared_buffers') >= 16)
      assert.ok(megabytes('shared_buffers') <= memoryMb / 4)
      assert.ok(megabytes('effective_cache_size') <= memoryMb)
      assert.ok(megabytes('work_mem') >= 1 && megabytes('work_mem') <= memoryMb / 16)
      assert.ok(megabytes('maintenance_work_mem') <= memoryMb / 4)
    }),
  )
})

test('a version is not given settings that it does not know', () => {
  assert.equal(settingOf('io_method', { major: 17 }), undefined)
  assert.equal(settingOf('max_active_replication_origins', { major: 17 }), undefined)
  assert.equal(settingOf('allow_alter_system', { major: 16 }), undefined)
  assert.equal(settingOf('allow_alter_system', { major: 17 }), 'off')
})

test('a library is only named where it is', () => {
  assert.equal(settingOf('shared_preload_libraries'), 'pg_stat_statements')
  assert.equal(settingOf('shared_preload_libraries', { libraries: [] }), undefined)
  assert.equal(settingOf('pg_stat_statements.track', { libraries: [] }), undefined)
})

test('settings of Linux are not given to another system', () => {
  assert.equal(settingOf('recovery_init_sync_method', { platform: 'darwin' }), undefined)
  assert.equal(settingOf('client_connection_check_interval', { platform: 'darwin' }), undefined)
})

test('no setting is named twice, and each has a sentence that says why', () => {
  const settings = settingsOf(input)
  assert.equal(new Set(settings.map(({ name }) => name)).size, settings.length)
  for (const { name, why } of settings)
    assert.match(why, /^[A-Z].*[.,]$|^asked again,$|^and given/, name)
})

test('a value cannot leave its line or its quotes', () => {
  const value = "it's \\ two\nlines = 'on'"
  const text = renderSettings([{ name: 'cluster_name', value, why: 'A test.' }])
  assert.ok(text.endsWith("cluster_name = 'it''s \\\\ two lines = ''on'''\n"))
})

test('only passwords over loopback addresses open the door', () => {
  const rules = renderAccess()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(rules.length, 4)
  for (const rule of rules) {
    assert.match(rule, /^host (all|replication) all (127\.0\.0\.0\/8|::1\/128) scram-sha-256$/)
  }
})
