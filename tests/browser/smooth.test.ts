import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type MadeUpConsole, serveMadeUp } from '@banyan/control/console/testing'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, openPage } from './support/browser.ts'

/*
 * 200 nodes that change 500 times a second. How long frames take is said, and judged in a soak alone
 * (`BANYAN_SMOOTH_MS`): a busy machine draws slowly whatever the page does. That the page draws only what has
 * changed, and ends up with what is, holds anywhere.
 */

const patienceMs = 60_000
const nodes = 200
const changesPerS = 500
const watchedMs = 5_000
/** It is told of some 16 states meanwhile, four a second. */
const stillMs = 4_000
const frameMsMax = Number(process.env.BANYAN_SMOOTH_MS ?? 'Infinity')

describe('a page of 200 nodes at 500 changes a second', { timeout: 120_000 }, () => {
  let made: MadeUpConsole
  let browser: Browser
  let page: Page

  before(async () => {
    made = await serveMadeUp({ nodes, changesPerS })
    browser = await openBrowser()
    ;({ page } = await openPage(browser, new URL(made.url).origin))
    page.setDefaultTimeout(patienceMs)
    await page.goto(made.freshUrl())
    await page.getByRole('button', { name: /^web-1[ ,]/ }).waitFor()
  })
  after(async () => {
    await browser?.close()
    await made?.stop()
  })

  it('shows all of them', async () => {
    const shown = await page
      .locator('button[data-node]')
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-node') ?? ''))
    assert.deepEqual(shown.toSorted(), made.system.nodes.map(({ name }) => name).toSorted())
  })

  it('draws what has changed, and makes no node anew', async (context) => {
    const seen = await page.evaluate(watchFrames, watchedMs)
    const [half, most] = [0.5, 0.95].map((part) => quantile(seen.frames, part))
    context.diagnostic(
      `${seen.frames.length} frames in ${watchedMs} ms: median ${half} ms, p95 ${most} ms; ${seen.changed} changes of text, ${seen.made} nodes made`,
    )
    assert.ok(seen.changed > 0, 'nothing moves')
    assert.equal(seen.made, 0)
    assert.ok((most ?? 0) <= frameMsMax, `p95 ${most} ms`)
  })

  it('ends up with what is', async () => {
    made.system.become('web-7', { health: 'failed', sentence: 'web-7 gives no answer.' })
    await page.getByRole('button', { name: /^web-7[ ,].*failed/ }).waitFor()
    made.system.remove('web-9')
    await page.getByRole('button', { name: /^web-9[ ,](?!.*gone)/ }).waitFor({ state: 'detached' })
  })

  it('lets go of a node that left, also when all are placed anew at that moment', async () => {
    for (const [index, name] of ['web-21', 'web-22', 'web-23'].entries()) {
      await page.evaluate(narrowOnceOneLeaves, 900 - 40 * index)
      made.system.remove(name)
      await page.locator(`main[style*="max-width"]`).waitFor()
      await page.locator(`button[data-node="${name}"]`).waitFor({ state: 'detached' })
    }
  })

  it('skips what it missed while it stood still, and draws the newest', async (context) => {
    const draws = await page.evaluateHandle(countDraws)
    const before = made.system.looks
    await page.evaluate(standStill, stillMs)
    const missed = made.system.looks - before
    made.system.become('web-11', { health: 'failed', sentence: 'web-11 gives no answer.' })
    await page.getByRole('button', { name: /^web-11[ ,].*failed/ }).waitFor()
    const drawn = await draws.evaluate(({ count }) => count)
    const told = made.system.looks - before
    context.diagnostic(
      `told of ${missed} states while it stood still, ${told} in all; drew ${drawn} times`,
    )
    assert.ok(missed >= 8, `${missed} states were told meanwhile`)
    assert.ok(drawn > 0 && drawn <= told - missed / 2, `drew ${drawn} times`)
  })

  it('catches up after it was looked away from', async () => {
    const { page: other, context } = await openPage(browser, new URL(made.url).origin)
    await other.goto(made.freshUrl())
    await other.bringToFront()
    made.system.become('web-12', { health: 'failed', sentence: 'web-12 gives no answer.' })
    await other.getByRole('button', { name: /^web-12[ ,].*failed/ }).waitFor()
    await page.bringToFront()
    await page.getByRole('button', { name: /^web-12[ ,].*failed/ }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await context.close()
  })
})

function quantile(values: readonly number[], part: number): number {
  const ordered = values.toSorted((a, b) => a - b)
  return Math.round(ordered[Math.floor(part * (ordered.length - 1))] ?? 0)
}

/** In the page: the times between frames, and what was changed and made in the diagram meanwhile. */
async function watchFrames(forMs: number) {
  const frames: number[] = []
  let changed = 0
  let made = 0
  const watcher = new MutationObserver((records) => {
    for (const { type, addedNodes } of records) {
      if (type !== 'childList') changed += 1
      for (const node of addedNodes) if (node.nodeName === 'BUTTON') made += 1
    }
  })
  watcher.observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  })
  const end = performance.now() + forMs
  let last = performance.now()
  while (last < end) {
    const at = await new Promise<number>((resolve) => requestAnimationFrame(resolve))
    frames.push(at - last)
    last = at
  }
  watcher.disconnect()
  return { frames, changed, made }
}

/** In the page: how often its nodes are drawn from now on. */
function countDraws(): { count: number } {
  const draws = { count: 0 }
  const watcher = new MutationObserver((records) => {
    const isNode = records.some(
      ({ target }) => target instanceof Element && target.closest('[data-node]') !== null,
    )
    if (isNode) draws.count += 1
  })
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true })
  return draws
}

/** In the page: does nothing else for so long, as one whose machine is too busy for it. */
function standStill(forMs: number): void {
  const end = performance.now() + forMs
  while (performance.now() < end);
}

/** In the page: makes it narrower, so that all nodes are placed anew, as soon as one begins to fade. */
function narrowOnceOneLeaves(widthPx: number): void {
  const main = document.querySelector('main')
  main?.removeAttribute('style')
  const watcher = new MutationObserver(() => {
    if (document.querySelector('button.is-leaving') === null) return
    watcher.disconnect()
    main?.style.setProperty('max-width', `${widthPx}px`)
  })
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true })
}
