import { form, h, labelled, show } from '../dom.js'
import { when, words } from '../words.js'

/** @param {import('../main.js').App} app */
export async function messagesPage({ graph, go }) {
  const { me } = await graph.run('MessageThreads')
  const threads = me?.threads.nodes ?? []
  const begin = async (/** @type {Record<string, string>} */ { body }) => {
    const { postMessage } = await graph.run('PostMessage', { input: { body } })
    go(`/thread/${postMessage.threadId}`)
  }
  return {
    title: 'Messages',
    body: h('div', { class: 'columns' },
      h('ul', { class: 'list' }, threads.length
        ? threads.map((/** @type {any} */ { id, lastMessageAt, messages, prescription }) => h('li', { class: 'card' }, h('a', { href: `#/thread/${id}` }, messages.at(-1)?.body.slice(0, 80) ?? 'Messages'),
          h('p', { class: 'quiet' }, when(lastMessageAt), prescription && ` · about prescription ${prescription.number}`)))
        : h('li', { class: 'quiet' }, 'No messages yet.')),
      form({ class: 'card' }, begin, labelled('Write to the pharmacist', h('textarea', { name: 'body', rows: 4, required: true, maxlength: 5000 })), h('button', null, 'Send'))),
  }
}

/** A thread, in which answers appear as they are written. @param {import('../main.js').App} app @param {string} id */
export async function threadPage({ graph }, id) {
  /** @type {Map<string, any>} */ const messages = new Map()
  const list = h('ul', { class: 'talk' })
  const take = (/** @type {any[]} */ more) => {
    for (const message of more) messages.set(message.id, message)
    show(list, [...messages.values()].sort((a, b) => a.at.localeCompare(b.at)).map(({ authorRole, body, at }) => h('li', { class: authorRole === 'patient' ? 'own' : '' }, h('p', null, body), h('p', { class: 'quiet' }, `${words(authorRole.toUpperCase())}, ${when(at)}`))))
  }
  const { messageThread } = await graph.run('MessageThread', { id })
  if (!messageThread) return { title: 'There is no such thread', body: h('p', null, h('a', { href: '#/messages' }, 'Messages')) }
  take(messageThread.messages)
  const stop = graph.live('MessageThreadChanged', { threadId: id }, { event: ({ thread }) => thread && take(thread.messages) })
  const write = async (/** @type {Record<string, string>} */ { body }) => {
    const { postMessage } = await graph.run('PostMessage', { input: { threadId: id, body } })
    take([postMessage])
    field.value = ''
  }
  const field = /** @type {HTMLTextAreaElement} */ (h('textarea', { name: 'body', rows: 3, required: true, maxlength: 5000 }))
  return {
    title: messageThread.prescription ? `About prescription ${messageThread.prescription.number}` : 'Messages with the pharmacy',
    body: h('div', null, list, form({ class: 'card' }, write, labelled('Your message', field), h('button', null, 'Send'))),
    close: stop,
  }
}
