import type { Browser, Page } from 'playwright-core'
import type { ClimbSystem } from '../../cluster/support/climbs.ts'
import { type Look, openPage, type Watched } from './browser.ts'

/** The console of a system in a browser that has just signed in, as somebody who clicks on what `up` prints. */
export async function openConsole(
  browser: Browser,
  system: ClimbSystem,
  look?: Look,
  /** For what has to be there before the page is. */
  prepare: (page: Page) => Promise<unknown> = async () => {},
): Promise<Watched & { readonly origin: string }> {
  const { url } = await system.json<{ url: string }>('console')
  const { origin } = new URL(url)
  const watched = await openPage(browser, origin, look)
  await prepare(watched.page)
  await watched.page.goto(url)
  return { ...watched, origin }
}
