/** A real Chromium without a window, driven over its DevTools protocol; undefined where none is installed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { eventually } from './environment.ts'

const installed = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
export const chromium = installed.find((path) => path && existsSync(path))

export type Tab = {
  goto(url: string): Promise<void>
  /** The value of an expression in the page, as JSON. */
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

type Message = { id?: number; sessionId?: string; method?: string; params?: Record<string, never>; result?: Record<string, never>; error?: { message: string } }

export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'pharmagraph-chromium-'))
  const child = spawn(chromium!, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1200,900', 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  const address = await eventually(() => /DevTools listening on (ws:\S+)/.exec(told)?.[1], { what: 'Chromium', within: 30_000 })
  const socket = new WebSocket(address, { maxPayload: 64 * 1024 * 1024 })
  await once(socket, 'open')
  const waiting = new Map<number, (message: Message) => void>()
  const listeners: ((message: Message) => void)[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id) waiting.get(message.id)?.(message)
    else for (const listener of listeners) listener(message)
  })
  let last = 0
  const send = async (method: string, params: object = {}, sessionId?: string): Promise<Record<string, never>> => {
    const id = ++last
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
    const { result, error } = await answer
    waiting.delete(id)
    if (error) throw new Error(`${method}: ${error.message}`)
    return result!
  }

  return {
    async person() {
      const { browserContextId } = await send('Target.createBrowserContext')
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const here = (method: string, params?: object) => send(method, params, sessionId)
      const problems: string[] = []
      listeners.push(({ sessionId: of, method, params }) => {
        if (of !== sessionId) return
        const { exceptionDetails, entry } = (params ?? {}) as unknown as { exceptionDetails?: { text: string; exception?: { description?: string } }; entry?: { level: string; text: string } }
        if (method === 'Runtime.exceptionThrown') problems.push(exceptionDetails?.exception?.description ?? exceptionDetails?.text ?? 'an exception')
        if (method === 'Log.entryAdded' && entry?.level === 'error') problems.push(entry.text)
      })
      await Promise.all([here('Page.enable'), here('Runtime.enable'), here('Log.enable')])
      const read = async <T>(expression: string): Promise<T> => {
        const { result, exceptionDetails } = (await here('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })) as unknown as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } }
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the expression failed')
        return result.value
      }
      const textOf = (selector: string) => read<string>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => element.innerText).join('\\n')`).catch(() => '')
      const tab: Tab = {
        problems,
        read,
        async goto(url) {
          await here('Page.navigate', { url })
        },
        async sees(text, selector = 'body') {
          let shown = ''
          await eventually(async () => {
            shown = await textOf(selector)
            return typeof text === 'string' ? shown.includes(text) : text.test(shown)
          }, { what: `the page to show ${text}`, within: 30_000 }).catch((error: Error) => {
            throw new Error(`${error.message}; it shows: ${shown.slice(0, 1_500)}`)
          })
        },
        async click(text) {
          const clicked = `(() => { const found = [...document.querySelectorAll('button, a')].find((element) => !element.disabled && element.innerText.trim() === ${JSON.stringify(text)}); found?.click(); return Boolean(found) })()`
          await eventually(() => read<boolean>(clicked).catch(() => false), { what: `something to click that says ${text}`, within: 30_000 })
        },
        async fill(selector, value) {
          const filled = `(() => { const field = document.querySelector(${JSON.stringify(selector)}); if (!field) return false; field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event('input', { bubbles: true })); return true })()`
          await eventually(() => read<boolean>(filled).catch(() => false), { what: `the field ${selector}`, within: 30_000 })
        },
        async screenshot(file) {
          const { data } = await here('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true })
          await writeFile(file, Buffer.from(data as unknown as string, 'base64'))
        },
      }
      return tab
    },
    async close() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      socket.terminate()
      await gone
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
