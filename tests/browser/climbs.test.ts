import '../cluster/support/measured.ts'
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { type Proof, type Proving, startProving } from '../cluster/support/climbs.ts'
import {
  assertFlawless,
  type ReleaseSystem,
  startReleaseSystem,
} from '../cluster/support/releases.ts'
import { openBrowser, type Watched } from './support/browser.ts'
import { openConsole } from './support/console.ts'

/*
 * What else a person does on the page of a running system: brings new code live, has another database server take
 * the writes, goes back to the code of before, and gives up a rung. The prover asks the whole time.
 */

const patienceMs = 90_000

describe('what is done to a real system from its page', { timeout: 400_000 }, () => {
  let released: ReleaseSystem
  let browser: Browser
  let seen: Watched
  let page: Page
  let proving: Proving | undefined
  let first = ''
  let second = ''

  before(async () => {
    released = await startReleaseSystem({ rungs: 'replicated' })
    browser = await openBrowser()
    seen = await openConsole(browser, released.system)
    page = seen.page
    page.setDefaultTimeout(patienceMs)
    first = (await released.system.status()).release ?? ''
    proving = startProving(released.system, ['--rate', '50'])
  })
  after(async () => {
    await Promise.allSettled([proving?.stop()])
    await browser?.close()
    await released?.remove()
  })

  it('brings new code live', async () => {
    await released.app.become({ release: 'second' })
    await goTo('Ladder')
    await page.getByRole('button', { name: 'Release…' }).click()
    await confirm('Release')
    await page.getByRole('region', { name: 'Climb' }).first().waitFor()
    const report = await reportOf(/^Release /)
    second = (await released.system.status()).release ?? ''
    assert.notEqual(second, first)
    assert.equal(await report.locator('strong').first().textContent(), `Release ${second}`)
    await releaseRow(second).getByText('live', { exact: true }).waitFor()
    await releaseRow(first).getByText('replaced', { exact: true }).waitFor()
    await goTo('Diagram')
    await node('web-1').getByText(`web · ${second}`).waitFor()
  })

  it('has another server take the writes, which the diagram shows', async () => {
    const { nodes } = await released.system.status()
    const old = nodes.find(({ role }) => role === 'primary')?.name ?? ''
    await node(old).click()
    await page.getByRole('button', { name: 'Switch over' }).click()
    await confirm(`Switch over ${old}`)
    await page.locator('.node-primary').waitFor()
    await page.locator(`button[data-node="${old}"]`, { hasText: 'replica' }).waitFor()
    const after = (await released.system.status()).nodes.find(({ role }) => role === 'primary')
    await node(after?.name ?? '')
      .getByText('primary', { exact: true })
      .waitFor()
    assert.notEqual(after?.name, old)
    await page.getByRole('button', { name: 'Close' }).click()
  })

  it('goes back to the code of before', async () => {
    await goTo('Ladder')
    await page.getByRole('button', { name: `Undo to ${first}…` }).click()
    await confirm(`Go back to ${first}`)
    await reportOf(/^Back to /)
    assert.equal((await released.system.status()).release, first)
    await releaseRow(first).getByText('live', { exact: true }).waitFor()
  })

  it('gives up a rung, once its plan was seen', async () => {
    await page.getByRole('button', { name: 'Plan to shrink replicated' }).click()
    await page.locator('.planned li').first().waitFor()
    await page.getByRole('button', { name: 'Shrink by replicated' }).click()
    await reportOf(/^Shrink: replicated/)
    await page.getByRole('button', { name: 'Plan to grow replicated' }).waitFor()
    await goTo('Diagram')
    await page.locator('button.node', { hasText: 'replica' }).first().waitFor({ state: 'detached' })
    const { nodes } = await released.system.status()
    assert.equal(nodes.filter(({ tier }) => tier === 'data').length, 1)
  })

  it('has failed, lost, doubled and hidden nothing meanwhile', async (context) => {
    const found = (await proving?.stop()) as Proof
    context.diagnostic(JSON.stringify({ sent: found.sent, longestGapMs: found.longestGapMs }))
    assertFlawless(found)
    assert.ok(found.acknowledgedWrites > 0)
  })

  it('stands in the audit log, and has met no error of the page', async () => {
    await goTo('Faults')
    const audit = page.getByRole('region', { name: 'Audit log' })
    for (const action of ['release', 'switchover', 'climb undo', 'climb shrink replicated'])
      await audit.getByRole('cell', { name: action, exact: true }).first().waitFor()
    assert.deepEqual(seen.errors, [])
    assert.deepEqual(seen.strangers, [])
  })

  const goTo = async (view: string): Promise<void> =>
    await page.getByRole('link', { name: view, exact: true }).click()

  const node = (name: string): Locator => page.locator(`button[data-node="${name}"]`)

  const releaseRow = (name: string): Locator =>
    page.locator('.releases li', { has: page.getByText(name, { exact: true }) })

  async function confirm(label: string): Promise<void> {
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: label, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  /** The newest report once it is there, which has to say that no request failed. */
  async function reportOf(title: RegExp): Promise<Locator> {
    const report = page
      .locator('details.report', { has: page.locator('strong', { hasText: title }) })
      .first()
    await report.getByText(/^\d+ of \d+$/).waitFor()
    const text = (await report.textContent()) ?? ''
    assert.match(text, /^done/, text)
    assert.match(text, /Failed requests\s*0 of [1-9]/, text)
    return report
  }
})
