import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BanyanError } from './banyan-error.ts'
import type { Fault } from './faults.ts'
import { resolveSystem } from './resolve-system.ts'

const resolve = (alerts: unknown) =>
  resolveSystem(
    { name: 'notes', services: { web: { run: 'node web.ts' } }, telemetry: { alerts } },
    { root: '/srv/notes' },
  ).telemetry?.alerts

test('alerts go to a webhook, or nowhere where none is named', () => {
  assert.equal(resolve(undefined), undefined)
  assert.deepEqual(resolve({}), { webhook: null, token: null })
  const webhook = 'https://alerts.example.org/hook'
  assert.deepEqual(resolve({ webhook, token: 'a' }), { webhook, token: 'a' })
})

test('what is no webhook is refused by its path, and what was found is not repeated', () => {
  const faultOf = (alerts: unknown): readonly Fault[] => {
    try {
      resolve(alerts)
    } catch (error) {
      assert.ok(BanyanError.is(error))
      assert.ok(!JSON.stringify(error.message).includes('s3cret'))
      return (error.details as { faults: readonly Fault[] }).faults
    }
    assert.fail('it was taken')
  }
  const pathsOf = (alerts: unknown) => faultOf(alerts).map(({ path }) => path)
  assert.deepEqual(pathsOf('https://s3cret'), ['telemetry.alerts'])
  assert.deepEqual(pathsOf({ webhook: 's3cret' }), ['telemetry.alerts.webhook'])
  assert.deepEqual(pathsOf({ webhook: 'ftp://s3cret.example' }), ['telemetry.alerts.webhook'])
  for (const url of ['https://a.example/?t=s3cret', 'https://ann:s3cret@a.example']) {
    assert.deepEqual(pathsOf({ webhook: url }), ['telemetry.alerts.webhook'])
  }
  assert.deepEqual(pathsOf({ token: 's3cret with spaces' }), ['telemetry.alerts.token'])
  assert.deepEqual(pathsOf({ webhok: 'https://a.example' }), ['telemetry.alerts.webhok'])
})
