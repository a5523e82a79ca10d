import '../cluster/support/measured.ts'
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import {
  type ClimbSystem,
  type Proof,
  type Proving,
  startClimbSystem,
  startProving,
} from '../cluster/support/climbs.ts'
import { assertFlawless } from '../cluster/support/releases.ts'
import { openBrowser, type Watched } from './support/browser.ts'
import { openConsole } from './support/console.ts'
import { type DrawnAt, noteNodes } from './support/drawn-at.ts'

/*
 * A person in a browser, and a system that serves meanwhile: everything that is done here is done on the page. The
 * prover asks the whole time, and what it says at the end is the proof that nobody noticed.
 */

const patienceMs = 60_000

/** From the click on the address to every node on the page. Judged where the machine has nothing else to do. */
const firstViewMsMax = Number(process.env.BANYAN_FIRST_VIEW_MS ?? 'Infinity')

describe('the console in a browser, while the prover runs', { timeout: 300_000 }, () => {
  let system: ClimbSystem
  let browser: Browser
  let seen: Watched
  let page: Page
  let proving: Proving | undefined

  before(async () => {
    system = await startClimbSystem()
    browser = await openBrowser()
    proving = startProving(system, ['--rate', '50'])
    seen = await openConsole(browser, system, undefined, (it) => it.addInitScript(noteNodes))
    page = seen.page
    page.setDefaultTimeout(patienceMs)
  })
  after(async () => {
    await Promise.allSettled([proving?.stop()])
    await browser?.close()
    await system?.remove()
  })

  it('shows every node at once, with its health, and loads nothing from elsewhere', async (context) => {
    await page.getByRole('button', { name: /^web-1.*healthy/i }).waitFor()
    await page.getByRole('button', { name: /^db-1.*healthy/i }).waitFor()
    const drawnAt = await page.evaluate(() => (globalThis as unknown as DrawnAt).drawnAt)
    const firstViewMs = Math.max(drawnAt['web-1'] ?? Infinity, drawnAt['db-1'] ?? Infinity)
    context.diagnostic(`everything was there ${firstViewMs} ms after the page was asked for`)
    assert.ok(firstViewMs <= firstViewMsMax, `${firstViewMs} ms`)
    await page.getByText('Live', { exact: true }).waitFor()
    assert.deepEqual(seen.strangers, [])
    assert.doesNotMatch(page.url(), /token/)
  })

  it('says how much moves through it', async () => {
    await page
      .locator('.edge-label', { hasText: /\d.*\/s/ })
      .first()
      .waitFor()
  })

  it('grows from the page: the plan before it runs, each step as it happens, and what it cost', async () => {
    await page.getByRole('link', { name: 'Ladder' }).click()
    await page.getByRole('button', { name: 'Plan to grow replicated' }).click()
    await page.locator('.planned li').nth(3).waitFor()
    await page.getByRole('button', { name: 'Grow to replicated' }).click()
    await page.getByRole('region', { name: 'Climb' }).first().waitFor()
    const report = page.locator('details.report').first()
    await report.getByText(/^\d+ of \d+$/).waitFor()
    assert.match((await report.textContent()) ?? '', /Failed requests\s*0 of [1-9]/)
    await page.getByRole('link', { name: 'Diagram' }).click()
    for (const name of [/^db-3.*healthy/i, /^db-4.*healthy/i]) {
      await page.getByRole('button', { name }).waitFor()
    }
  })

  it('kills the primary, and shows on a time line how another took over', async () => {
    await page.getByRole('button', { name: /^db-1/ }).click()
    await page.getByRole('button', { name: 'Kill', exact: true }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Kill db-1' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('link', { name: 'Faults' }).click()
    for (const phase of [
      'killed',
      'noticed',
      'db-1 fenced',
      /^db-[34] promoted$/,
      'writing again',
    ]) {
      await page
        .getByText(phase, { exact: typeof phase === 'string' })
        .first()
        .waitFor()
    }
  })

  it('finds a line of the log by its words', async () => {
    await page.getByRole('link', { name: 'Logs' }).click()
    await page.getByRole('searchbox').fill('"primary changed"')
    await page.locator('.line, [role=row], li', { hasText: 'primary changed' }).first().waitFor()
  })

  it('leads from a point on the chart of latencies to a trace and its log lines in two clicks', async () => {
    await page.getByRole('link', { name: 'Charts' }).click()
    const chart = page.locator('.card', { hasText: 'Latency' }).locator('.u-over').first()
    await chart.waitFor()
    const box = await chart.boundingBox()
    if (box === null) throw new Error('the chart is not drawn')
    const traces = page.getByRole('dialog').locator('.trace-list a')
    // Of a quiet moment one trace in a hundred is kept, and there may be none: then a person takes another moment.
    const untilMs = performance.now() + patienceMs
    for (;;) {
      await chart.click({ position: { x: box.width * 0.97, y: box.height / 2 } })
      const isThere = await traces
        .first()
        .waitFor({ timeout: 5_000 })
        .then(
          () => true,
          () => false,
        )
      if (isThere || performance.now() > untilMs) break
      await page.keyboard.press('Escape')
      await sleep(1_000)
    }
    await traces.first().click()
    await page.locator('.waterfall, [class*=waterfall]').first().waitFor()
    await page
      .getByText(/log lines? of (this|the) trace|Log lines/i)
      .first()
      .waitFor()
  })

  it('has had the app fail nobody', async () => {
    const report = (await proving?.stop()) as Proof
    assertFlawless(report)
    assert.ok(report.sent > 200)
  })

  it('has met no error of its own', () => {
    assert.deepEqual(seen.errors, [])
  })
})
