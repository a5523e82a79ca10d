import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const places = ['/usr/bin/chromium', '/Applications/Chromium.app/Contents/MacOS/Chromium']

/** A person's way of looking: how wide, and in which light. */
export type Look = { readonly width: 1280 | 390; readonly scheme: 'light' | 'dark' }

export const looks: readonly Look[] = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
]

/** Debian's browser; what it needs root for is left out, since tests run as root. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = places.find((place) => existsSync(place))
  if (executablePath === undefined)
    throw new Error('There is no Chromium: apt-get install chromium')
  return await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--hide-scrollbars'],
  })
}

/** What went wrong on a page by itself: errors of its scripts, and requests that it should not make. */
export type Watched = {
  readonly page: Page
  readonly context: BrowserContext
  readonly errors: readonly string[]
  /** Requests to anybody but the console. */
  readonly strangers: readonly string[]
}

/** A page that nobody has been on before, whose mishaps are written down. */
export async function openPage(
  browser: Browser,
  origin: string,
  { width, scheme }: Look = { width: 1280, scheme: 'light' },
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 800 },
    colorScheme: scheme,
    deviceScaleFactor: 1,
  })
  const page = await context.newPage()
  const errors: string[] = []
  const strangers: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  // The browser's own line of it says no more than the status.
  page.on('response', async (response) => {
    if (response.status() < 400) return
    const request = response.request()
    const said = await response.text().catch(() => '')
    errors.push(
      `${response.status()} ${request.method()} ${request.url()} ${request.postData() ?? ''}: ${said}`,
    )
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) strangers.push(request.url())
  })
  return { page, context, errors, strangers }
}
