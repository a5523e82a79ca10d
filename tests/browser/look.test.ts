import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type MadeUpConsole, serveMadeUp } from '@banyan/control/console/testing'
import type { Span } from '@banyan/store/api'
import type { AxeResults } from 'axe-core'
import type { Browser, Locator, Page } from 'playwright-core'
import { looks, openBrowser, openPage, type Watched } from './support/browser.ts'

/*
 * How the page looks, at both widths and in both lights. `BANYAN_SCREENSHOTS=FOLDER` keeps a picture of each view,
 * for somebody to look at.
 */

const views = ['diagram', 'ladder', 'faults', 'charts', 'logs', 'traces', 'data'] as const
const pictures = process.env.BANYAN_SCREENSHOTS
const dist = new URL('../../apps/console/dist/', import.meta.url).pathname
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

describe('every view of the console', { timeout: 600_000 }, () => {
  let made: MadeUpConsole
  let browser: Browser

  before(async () => {
    made = await serveMadeUp({ nodes: 9 })
    made.system.become('web-2', { health: 'failed', sentence: 'web-2 gives no answer.' })
    made.system.alerts = [
      {
        name: 'BanyanNodeFailed',
        severity: 'page',
        since: new Date(Date.now() - 90_000).toISOString(),
        sentence: 'web-2 has not been healthy for a minute.',
      },
      {
        name: 'BanyanErrorBudgetBurn',
        severity: 'ticket',
        since: new Date(Date.now() - 600_000).toISOString(),
        sentence: '0.3% of the answers of web are errors.',
      },
    ]
    browser = await openBrowser()
    if (pictures !== undefined) await mkdir(pictures, { recursive: true })
  })
  after(async () => {
    await browser?.close()
    await made?.stop()
  })

  for (const look of looks) {
    const name = `${look.width} pixels, ${look.scheme}`
    it(`is for everybody, is no wider than the window, and meets no error (${name})`, async () => {
      const seen = await openPage(browser, new URL(made.url).origin, look)
      await seen.page.goto(made.freshUrl())
      const faults: string[] = []
      for (const view of views)
        faults.push(...(await lookAt(seen, view, `${look.width}-${look.scheme}`)))
      await seen.context.close()
      assert.deepEqual(faults, [])
      // The store is away here, which the browser itself writes into the console.
      assert.deepEqual(
        seen.errors.filter((text) => !text.includes('503')),
        [],
      )
      assert.deepEqual(seen.strangers, [])
    })
  }

  it('takes at most 200 kB of JavaScript', async () => {
    const names = await readdir(join(dist, 'assets'))
    const scripts = names.filter((one) => one.endsWith('.js'))
    const sizes = scripts.map(
      async (one) => gzipSync(await readFile(join(dist, 'assets', one))).length,
    )
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    assert.ok(bytes > 10_000 && bytes <= 200_000, `${bytes} bytes`)
  })

  it('says which alerts hold, and for how urgent each of them is', async () => {
    const { page, context } = await openPage(browser, new URL(made.url).origin)
    await page.goto(made.freshUrl())
    const alerts = page.getByRole('region', { name: 'Alerts' })
    await alerts.getByText('web-2 has not been healthy for a minute.').waitFor()
    assert.match(
      (await alerts.textContent()) ?? '',
      /page.*BanyanNodeFailed.*ticket.*BanyanErrorBudgetBurn/,
    )
    await context.close()
  })

  it('says what failed in words and in shape, not by its colour alone', async () => {
    const { page, context } = await openPage(browser, new URL(made.url).origin)
    await page.goto(made.freshUrl())
    const failed = page.getByRole('button', { name: /^web-2.*failed/i })
    await failed.waitFor()
    assert.match((await failed.textContent()) ?? '', /failed/)
    assert.ok((await failed.locator('svg').count()) > 0)
    await context.close()
  })

  it('is walked by keyboard: from node to node by arrows, in by Enter, out by Escape', async () => {
    const { page, context } = await openPage(browser, new URL(made.url).origin)
    await page.goto(made.freshUrl())
    const first = page.getByRole('button', { name: /^gateway-1/ })
    await first.waitFor()
    await first.focus()
    await page.keyboard.press('ArrowRight')
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute('data-node') ?? '',
    )
    assert.match(focused, /^web-/)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: focused.split(/[ ,:]/)[0] ?? '' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('aside.sheet').waitFor({ state: 'detached' })
    await context.close()
  })

  it('folds what is below a span, by keyboard as by the pointer, and says what is hidden', async () => {
    const { page, context } = await openPage(browser, new URL(made.url).origin)
    await page.route('**/api/store/**', async (route) => {
      const isTrace = route.request().url().endsWith(`/traces/${madeUpTrace.trace}`)
      await route.fulfill({ json: isTrace ? madeUpTrace : { lines: [], more: false } })
    })
    await page.goto(made.freshUrl())
    await page.evaluate((hash) => {
      location.hash = hash
    }, `#/traces?trace=${madeUpTrace.trace}`)
    const rows = page.locator('.span-row')
    await rows.nth(4).waitFor()
    await rows.nth(1).focus()
    await page.keyboard.press('ArrowLeft')
    assert.deepEqual(await namesIn(rows), ['GET /', 'GET /notes', 'SELECT tags'])
    assert.match((await rows.nth(1).textContent()) ?? '', /\+2.*1 failed/)
    assert.deepEqual(await axeFaults(page, 'trace'), [])
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    assert.deepEqual(await namesIn(rows), ['GET /'])
    await page.getByRole('button', { name: 'The 4 below GET /', exact: true }).click()
    assert.equal(await rows.count(), 3)
    await page.getByRole('button', { name: 'Open all' }).click()
    assert.equal(await rows.count(), 5)
    await context.close()
  })
})

/** A request, what the web process did for it (a transaction of two statements, of which one failed), and one more. */
const madeUpTrace = {
  trace: 'a1960945be40dc4507a4545e24cbf2bc',
  lines: 0,
  spans: [
    madeUpSpan('a', null, 'GET /', 0, 50),
    madeUpSpan('b', 'a', 'GET /notes', 1, 30),
    madeUpSpan('c', 'b', 'SELECT notes', 2, 10),
    madeUpSpan('d', 'b', 'INSERT notes', 12, 5, 'deadlock detected'),
    madeUpSpan('e', 'a', 'SELECT tags', 35, 10),
  ],
}

function madeUpSpan(
  span: string,
  parent: string | null,
  name: string,
  afterMs: number,
  durationMs: number,
  error: string | null = null,
): Span {
  const at = 1_700_000_000_000 + afterMs
  return {
    span,
    parent,
    node: 'web-1',
    name,
    kind: 'internal',
    at,
    durationMs,
    error,
    attributes: {},
  }
}

const namesIn = async (rows: Locator): Promise<readonly string[]> =>
  await rows.locator('.name').allTextContents()

/** The faults of a view, each as a sentence. */
async function lookAt({ page }: Watched, view: string, name: string): Promise<string[]> {
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/${view}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  // Until what it fades in stands: a half transparent text has half of its contrast.
  await page.waitForTimeout(500)
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${view}-${name}.png`) })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  const faults = wide > 0 ? [`${view} is ${wide} pixels wider than the window`] : []
  return [...faults, ...(await axeFaults(page, view))]
}

async function axeFaults(page: Page, view: string): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in globalThis)
  // Evaluated, and not added as an element: the page allows no script but its own.
  if (!isThere) await page.evaluate(await readFile(axePath, 'utf8'))
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } }
    return await axe.run()
  })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${view}: ${id} at ${target.join(' ')}`))
}
