/** A real Chromium without a window, driven by Playwright; undefined where none is installed. */
import { existsSync } from 'node:fs'
import { chromium as driver } from 'playwright-core'

const installed = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
export const chromium = installed.find((path) => path && existsSync(path))

export type Tab = {
  goto(url: string): Promise<void>
  /** The value of an expression in the page. */
  read<T>(expression: string): Promise<T>
  /** Waits until the page shows the text, within its element if a selector is given. */
  sees(text: string | RegExp, selector?: string): Promise<void>
  /** Clicks the first button or link with the text. */
  click(text: string): Promise<void>
  fill(selector: string, value: string): Promise<void>
  screenshot(file: string): Promise<void>
  /** Problems the page met: exceptions and errors in the console. */
  readonly problems: string[]
}
export type Browser = { /** Nobody is signed in there; tabs of one person share nothing with another's. */ person(): Promise<Tab>; close(): Promise<void> }

export async function openBrowser(): Promise<Browser> {
  const browser = await driver.launch({ executablePath: chromium!, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  return {
    async person() {
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 } })
      context.setDefaultTimeout(30_000)
      const page = await context.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.stack ?? error.message))
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
      return {
        problems,
        read: (expression) => page.evaluate(expression),
        async goto(url) {
          await page.goto(url)
        },
        async sees(text, selector = 'body') {
          await page.locator(selector).filter({ hasText: text, visible: true }).first().waitFor().catch(async (error: Error) => {
            throw new Error(`${error.message}; it shows: ${(await page.locator(selector).allInnerTexts()).join('\n').slice(0, 1_500)}`)
          })
        },
        async click(text) {
          const named = { name: text, exact: true } as const
          await page.getByRole('button', named).or(page.getByRole('link', named)).first().click()
        },
        fill: (selector, value) => page.locator(selector).fill(value),
        async screenshot(file) {
          await page.screenshot({ path: file, fullPage: true })
        },
      }
    },
    close: () => browser.close(),
  }
}
