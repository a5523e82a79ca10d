import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findMetric } from '@banyan/model'
import type { MetricAnswer } from '@banyan/store/api'
import { sections } from './panels.ts'
import { drawn, firstKnown, mostLines } from './pick.ts'

const all = sections.flatMap(({ panels }) => panels)
const answer = (...series: MetricAnswer['series']): MetricAnswer => ({ stepMs: 1000, series })
const valuesOf = (id: string, answers: (MetricAnswer | undefined)[]) => {
  const panel = all.find((one) => one.id === id)
  assert.ok(panel, id)
  return Object.fromEntries(panel.lines(answers).map(({ label, values }) => [label, values]))
}

describe('every chart', () => {
  it('asks for metrics that are emitted, by labels that they have, in a way that fits their kind', () => {
    const ofTarget = ['node', 'tier', 'engine']
    for (const { asks } of all)
      for (const { metric, by = [], where = {}, fn } of asks) {
        const known = findMetric(metric)
        assert.ok(known, metric)
        for (const label of [...by, ...Object.keys(where)])
          assert.ok([...known.labels, ...ofTarget].includes(label), `${metric} by ${label}`)
        const kinds = {
          gauge: ['sum', 'max', 'min'],
          counter: ['rate'],
          histogram: ['rate', 'quantile'],
        }
        assert.ok(kinds[known.kind].includes(fn), `${fn} of ${metric}`)
      }
  })

  it('has no line, or lines that know nothing, where nothing is answered', () => {
    for (const { lines, asks } of all)
      for (const { values } of lines(asks.map(() => undefined)))
        assert.ok(values.every((value) => value === null))
  })
})

describe('requests', () => {
  it('are those of the entry, and of the web processes while there was none', () => {
    const entry = answer(
      { labels: { banyan_answer: '2xx' }, values: [null, 10, 20] },
      { labels: { banyan_answer: '5xx' }, values: [null, 1, null] },
    )
    const web = answer({ labels: { http_response_status_code: '200' }, values: [5, 9, 19] })
    assert.deepEqual(valuesOf('requests', [entry, web]), { requests: [5, 11, 20] })
  })
})

describe('errors', () => {
  it('are none, and not unknown, where there are requests and no error was counted', () => {
    const entry = answer({ labels: { banyan_answer: '2xx' }, values: [null, 10] })
    assert.deepEqual(valuesOf('errors', [entry, answer()]), {
      '5xx': [null, 0],
      'cut off': [null, 0],
    })
  })

  it('are found where only web processes count', () => {
    const web = answer(
      { labels: { http_response_status_code: '200' }, values: [10, 10] },
      { labels: { http_response_status_code: '503' }, values: [null, 2] },
    )
    assert.deepEqual(valuesOf('errors', [answer(), web])['5xx'], [0, 2])
  })
})

describe('latency', () => {
  it('is that of the entry where there is one', () => {
    const web = answer({ labels: {}, values: [0.1, 0.1] })
    const entry = answer({ labels: {}, values: [null, 0.2] })
    assert.deepEqual(valuesOf('latency', [entry, web, entry, web, entry, web]), {
      p50: [0.1, 0.2],
      p95: [0.1, 0.2],
      p99: [0.1, 0.2],
    })
  })
})

describe('many lines', () => {
  it('are the largest, and how many are left out is known', () => {
    const lines = Array.from({ length: 20 }, (_, i) => ({
      key: `${i}`,
      label: `${i}`,
      values: [i],
    }))
    const { drawn: shown, leftOut } = drawn(lines)
    assert.equal(shown.length, mostLines)
    assert.equal(leftOut, 20 - mostLines)
    assert.deepEqual(shown[0]?.values, [20 - mostLines])
  })

  it('that know different moments are put together', () => {
    assert.deepEqual(firstKnown([null, 1], [2, 3, 4]), [2, 1, 4])
    assert.deepEqual(firstKnown([], [1]), [1])
  })
})
