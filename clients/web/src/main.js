/** Starts the application: who is signed in, which page the address names, and the frame around it. */
// @ts-expect-error served by the gateway from the installed package
import { createClient } from '../packages/graphql-ws/client.js'
import { h, show } from './dom.js'
import { Graph } from './graph.js'
import { afterIdle, idleMinutes } from './idle.js'
import { Session } from './session.js'
import { drugPage, drugsPage } from './patient/drugs.js'
import { cartPage } from './patient/cart.js'
import { messagesPage, threadPage } from './patient/messages.js'
import { orderPage } from './patient/order.js'
import { overviewPage } from './patient/overview.js'
import { emergencyPage } from './staff/emergency.js'
import { fillPage } from './staff/fill.js'
import { queuePage } from './staff/queue.js'
import { reviewPage } from './staff/review.js'
import { inboxPage, writtenPage } from './staff/written.js'

/** @typedef {{ session: Session, graph: Graph, say(text: string, kind?: 'good' | 'bad'): void, go(address: string): void }} App */
/** @typedef {{ title: string, body: Node, close?(): void }} Page */
/** @typedef {(app: App, parameter: string) => Page | Promise<Page>} Open */

/** @type {Record<string, { open: Open, for?: 'web' | 'staff' }>} */
const pages = {
  '': { open: (app) => (app.session.client === 'staff' ? staffHome(app) : app.session.client ? overviewPage(app) : welcomePage(app)) },
  drugs: { open: drugsPage },
  drug: { open: drugPage },
  cart: { open: cartPage, for: 'web' },
  order: { open: orderPage, for: 'web' },
  messages: { open: messagesPage, for: 'web' },
  thread: { open: threadPage },
  queue: { open: queuePage, for: 'staff' },
  review: { open: reviewPage, for: 'staff' },
  fill: { open: fillPage, for: 'staff' },
  inbox: { open: inboxPage, for: 'staff' },
  written: { open: writtenPage, for: 'staff' },
  emergency: { open: emergencyPage, for: 'staff' },
}
const links = {
  none: [['Medicines', '#/drugs']],
  web: [['Overview', '#/'], ['Medicines', '#/drugs'], ['Cart', '#/cart'], ['Messages', '#/messages']],
  staff: [['Verification', '#/queue/VERIFICATION'], ['Fill', '#/queue/FILL'], ['Product check', '#/queue/PRODUCT_CHECK'], ['Messages', '#/inbox'], ['Medicines', '#/drugs']],
  technician: [['Fill', '#/queue/FILL'], ['Data entry', '#/queue/DATA_ENTRY'], ['Medicines', '#/drugs']],
  prescriber: [['Prescribed', '#/written'], ['Emergency', '#/emergency'], ['Medicines', '#/drugs']],
}

/** Which of the staff's homes is this person's. @param {App} app @returns {Page | Promise<Page>} */
function staffHome(app) {
  const { roles } = app.session.person ?? { roles: [] }
  if (roles.includes('pharmacist') || roles.includes('pharmacist-in-charge')) return queuePage(app, 'VERIFICATION')
  if (roles.includes('technician')) return queuePage(app, 'FILL')
  if (roles.includes('prescriber')) return writtenPage(app)
  return { title: 'Nothing here for you yet', body: h('p', { class: 'quiet' }, 'Your work has no pages here yet; its operations are in the graph.') }
}

const [top, main, said] = /** @type {[HTMLElement, HTMLElement, HTMLElement]} */ (['top', 'main', 'said'].map((id) => document.getElementById(id)))
const home = new URL('./', document.baseURI)
/** @type {import('./session.js').Config} */
const config = await (await fetch('config.json')).json()
/** @type {typeof fetch} */
const ask = (...call) => fetch(...call)
const session = new Session({ config, store: sessionStorage, page: home.href, leave: (url) => location.assign(url), fetch: ask })
const socket = createClient({
  url: new URL('/graphql', home).href.replace(/^http/, 'ws'),
  retryAttempts: 0,
  connectionParams: async () => ({ authorization: `Bearer ${await session.token()}` }),
})
const graph = new Graph({ session, fetch: ask, socket })

/** @type {App} */
const app = {
  session,
  graph,
  go(address) {
    if (location.hash === `#${address}`) void open()
    else location.hash = address
  },
  say(text, kind = 'good') {
    const note = h('p', { class: kind }, text)
    show(said, note)
    setTimeout(() => note.remove(), 8_000)
  },
}

/** @type {Page | undefined} */ let shown
let opening = 0

async function open() {
  const mine = ++opening
  const [, name = '', parameter = ''] = location.hash.replace(/^#/, '').split('/').map(decodeURIComponent)
  const page = pages[name]
  frame()
  try {
    const next = !page ? notFound() : page.for && page.for !== session.client ? welcomePage(app) : await page.open(app, parameter)
    if (mine !== opening) return next.close?.()
    shown?.close?.()
    shown = next
    document.title = `${next.title} — Pharmagraph`
    show(main, h('h1', null, next.title), next.body)
    main.focus({ preventScroll: true })
  } catch (error) {
    if (mine !== opening) return
    if (/** @type {{ code?: string }} */ (error).code === 'UNAUTHENTICATED' && session.client) return session.signIn(session.client)
    show(main, h('h1', null, 'That did not work'), h('p', { class: 'bad' }, /** @type {Error} */ (error).message), h('p', null, h('button', { onclick: open }, 'Try again')))
  }
}

function frame() {
  const { person, client } = session
  const here = location.hash || '#/'
  show(top,
    h('a', { class: 'brand', href: '#/' }, 'Pharmagraph'),
    h('nav', { 'aria-label': 'Main' }, links[/** @type {keyof typeof links} */ (person?.roles.find((role) => role in links) ?? client ?? 'none')]?.map(([label, address], place) => h('a', { href: address, 'aria-current': (here === address || (here === '#/' && place === 0)) && 'page' }, label))),
    person
      ? h('div', { class: 'who' }, h('span', null, person.name ?? ''), h('button', { class: 'quiet', onclick: () => session.signOut() }, 'Sign out'))
      : h('div', { class: 'who' }, h('button', { onclick: () => session.signIn('web') }, 'Sign in')))
}

/** @param {App} app @returns {Page} */
function welcomePage({ session }) {
  return {
    title: 'Your pharmacy, at your door',
    body: h('div', { class: 'columns' },
      h('section', { class: 'card' }, h('h2', null, 'For patients'), h('p', null, 'Prescriptions, orders as they move, messages with the pharmacist.'),
        h('button', { onclick: () => session.signIn('web') }, 'Sign in or register')),
      h('section', { class: 'card' }, h('h2', null, 'For the pharmacy'), h('p', null, 'The verification queue and the bench, live.'),
        h('button', { class: 'quiet', onclick: () => session.signIn('staff') }, 'Sign in as staff')),
      h('section', { class: 'card' }, h('h2', null, 'Medicines'), h('p', null, 'What we carry, what it costs, what goes together.'), h('a', { href: '#/drugs' }, 'Search medicines'))),
  }
}

/** @returns {Page} */
const notFound = () => ({ title: 'There is no such page', body: h('p', null, h('a', { href: '#/' }, 'Back to the beginning')) })

const outcome = await session.resume(new URLSearchParams(location.search)).catch((/** @type {Error} */ error) => ({ problem: error.message }))
if (!('left' in outcome)) {
  if (location.search) history.replaceState(null, '', home.pathname + ('back' in outcome && outcome.back ? outcome.back : location.hash))
  if ('problem' in outcome && outcome.problem) app.say(outcome.problem, 'bad')
  addEventListener('hashchange', open)
  if (session.client) {
    const every = (/** @type {number} */ ms, /** @type {() => void} */ run) => {
      const timer = setInterval(run, ms)
      return () => clearInterval(timer)
    }
    afterIdle({ addEventListener: addEventListener.bind(window), removeEventListener: removeEventListener.bind(window), every, now: Date.now }, idleMinutes[session.client] ?? 20, () => void session.signOut())
  }
  await open()
}
