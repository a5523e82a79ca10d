import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Case } from './test-cases.ts'
import { judgeTexts } from './test-texts.ts'

/** A test for each text that a rule finds something in, and for each that it leaves alone. */
export function testCases(cases: readonly Case[]): void {
  for (const { rule, finds, leaves } of cases) {
    for (const [at, [texts, line]] of finds.entries()) {
      test(`${rule} finds what it is there for (${at + 1})`, async () => {
        const findings = (await judgeTexts(texts)).filter((finding) => finding.rule === rule)
        assert.deepEqual(
          findings.map((finding) => finding.line),
          [line],
        )
      })
    }
    for (const [at, texts] of leaves.entries()) {
      test(`${rule} leaves alone what is right (${at + 1})`, async () => {
        const findings = (await judgeTexts(texts)).filter((finding) => finding.rule === rule)
        assert.deepEqual(findings, [])
      })
    }
  }
}
