import { h } from '../dom.js'
import { day, when, words } from '../words.js'

/** What a prescriber wrote, and what the pharmacy and patients ask about it. @param {import('../main.js').App} app */
export async function writtenPage({ graph }) {
  const [{ writtenPrescriptions }, { messageThreads }] = await Promise.all([graph.run('WrittenPrescriptions'), graph.run('MessageInbox')])
  return {
    title: 'What you prescribed',
    body: h('div', { class: 'columns' },
      h('ul', { class: 'list' }, writtenPrescriptions.nodes.map((/** @type {any} */ row) => h('li', { class: 'card' },
        h('div', { class: 'row' }, h('strong', null, row.drug?.name ?? row.number), h('span', { class: 'tag' }, words(row.status))), h('p', null, row.sig),
        row.statusReason && h('p', null, row.statusReason.message), h('p', { class: 'quiet' }, `No. ${row.number} · ${row.quantity} · ${row.refillsRemaining} refills left · valid until ${day(row.expiryDate)}`)))),
      h('section', null, h('h2', null, 'Messages'), inbox(messageThreads.nodes))),
  }
}

/** @param {import('../main.js').App} app */
export async function inboxPage({ graph }) {
  return { title: 'Messages', body: inbox((await graph.run('MessageInbox')).messageThreads.nodes) }
}

/** @param {any[]} threads */
const inbox = (threads) => h('ul', { class: 'list' }, threads.length
  ? threads.map(({ id, patientName, prescription, lastMessageAt, messages }) => h('li', { class: 'card' },
    h('a', { href: `#/thread/${id}` }, patientName?.full ?? 'Erased', prescription && `, prescription ${prescription.number}`), h('p', null, messages.at(-1)?.body.slice(0, 120)), h('p', { class: 'quiet' }, when(lastMessageAt))))
  : h('li', { class: 'quiet' }, 'No messages.'))
