import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { openBrowser } from '../tests/browser/support/browser.ts'
import { openConsole } from '../tests/browser/support/console.ts'
import { type ClimbSystem, startClimbSystem } from '../tests/cluster/support/climbs.ts'

/*
 * The pictures of the README, from a real run: the diagram in the middle of a climb, and the time line of a
 * failover, while the prover asks. `npm run screenshots`.
 */

const folder = new URL('../docs/images/', import.meta.url).pathname

const system = await startClimbSystem({ rungs: 'balanced' })
const browser = await openBrowser()
try {
  await mkdir(folder, { recursive: true })
  const proof = system.start('prove', '--rate', '80', '--seconds', '60', '--json')
  const { page } = await openConsole(browser, system)
  page.setDefaultTimeout(60_000)
  await pictureOfClimb(page)
  await pictureOfFailover(page, system)
  const report = JSON.parse((await proof.ended).stdout.trim().split('\n').at(-1) ?? '{}')
  console.log(
    `${report.ok} requests meanwhile, ${report.failed.total} failed, ${report.lost} writes lost.`,
  )
} finally {
  await browser.close()
  await system.remove()
}

async function pictureOfClimb(page: Page): Promise<void> {
  await page
    .locator('.edge-label', { hasText: /\d.*\/s/ })
    .first()
    .waitFor()
  // What moved before the climb is on the page as well.
  await sleep(5_000)
  await page.getByRole('link', { name: 'Ladder' }).click()
  await page.getByRole('button', { name: 'Plan to grow replicated' }).click()
  await page.getByRole('button', { name: 'Grow to replicated' }).click()
  await page.getByRole('link', { name: 'Diagram' }).click()
  await page.getByRole('button', { name: /^db-3/ }).waitFor()
  await sleep(700)
  await page.screenshot({ path: join(folder, 'console-climb.png') })
}

async function pictureOfFailover(page: Page, of: ClimbSystem): Promise<void> {
  await page.getByRole('button', { name: /^db-4.*healthy/i }).waitFor()
  await sleep(5_000)
  await of.json('kill', 'primary')
  await page.getByRole('link', { name: 'Faults' }).click()
  await page.getByText('healthy again').first().waitFor()
  await page.screenshot({ path: join(folder, 'console-failover.png') })
}
