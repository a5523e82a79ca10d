import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { findMetric } from '@banyan/model'
import { dashboardNames, dashboardsFolder } from './dashboards.ts'
import { rulesOf } from './rules.ts'
import { type Selector, selectorsIn } from './test-selectors.ts'

test('metrics are told from functions, labels, words and windows', () => {
  const cases: readonly [query: string, metrics: readonly string[]][] = [
    ['up', ['up']],
    ['up == 0', ['up']],
    ['sum by (node) (rate(a_total{code=~"5.."}[5m]))', ['a_total']],
    ['sum(rate(a_total[5m])) by (node)', ['a_total']],
    ['a / ignoring (state) sum without (state) (b)', ['a', 'b']],
    ['a and on (node) b unless c', ['a', 'b', 'c']],
    ['a * on (x) group_left (y) b', ['a', 'b']],
    ['histogram_quantile(0.95, sum by (le, r) (rate(a_bucket[$__rate_interval])))', ['a_bucket']],
    ['max_over_time(rate(a[5m])[1h:30s]) offset 5m', ['a']],
    ['count(a == 0) or vector(0)', ['a']],
    ['a{b="c{d} (e)", f!~"g"} > 1.5e3', ['a']],
    ['topk(10, a)', ['a']],
    ['a > bool 1', ['a']],
  ]
  for (const [query, metrics] of cases) {
    assert.deepEqual(
      selectorsIn(query).map(({ metric }) => metric),
      metrics,
      query,
    )
  }
  assert.deepEqual(selectorsIn('a{b="c", d!~"e"}'), [{ metric: 'a', labels: ['b', 'd'] }])
})

const rules = rulesOf().groups.flatMap((group) => group.rules)
/** Prometheus itself makes the first one, of every target, and the others by our rules. */
const ownMetrics = ['up', ...rules.flatMap((rule) => ('record' in rule ? [rule.record] : []))]
/** What a target has is on every sample of it. */
const targetLabels = ['job', 'instance', 'node', 'tier', 'engine', 'service', 'host']

function faultOf({ metric, labels }: Selector): string | null {
  const found = findMetric(metric)
  if (found === undefined && !ownMetrics.includes(metric)) return `there is no metric ${metric}`
  const known = [...targetLabels, ...(found?.labels ?? []), 'le']
  const unknown = labels.find((label) => !known.includes(label))
  return unknown === undefined ? null : `${metric} has no label ${unknown}`
}

test('rules name only metrics that there are, by labels that they have', () => {
  const queries = rules.map(({ expr }) => expr)
  assert.ok(queries.length >= 9)
  for (const query of queries) {
    const selectors = selectorsIn(query)
    assert.ok(selectors.length > 0, query)
    assert.deepEqual(selectors.map(faultOf).filter(Boolean), [], query)
  }
})

test('dashboards name only metrics that there are, by labels that they have', async () => {
  const queries: string[] = []
  for (const name of await dashboardNames()) {
    const text = await readFile(join(dashboardsFolder, name), 'utf8')
    JSON.parse(text, (key, value) => {
      if (key === 'expr') queries.push(value)
      return value
    })
  }
  assert.ok(queries.length > 40)
  for (const query of queries) {
    const selectors = selectorsIn(query)
    assert.ok(selectors.length > 0, query)
    assert.deepEqual(selectors.map(faultOf).filter(Boolean), [], query)
  }
})

test('a metric that nobody emits, and a label that it does not have, would be found', () => {
  const faults = selectorsIn('rate(banyan_made_up[5m]) + banyan_node_up{colour="red"}').map(faultOf)
  assert.deepEqual(faults, [
    'there is no metric banyan_made_up',
    'banyan_node_up has no label colour',
  ])
})
