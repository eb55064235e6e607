import { h, show } from '../dom.js'
import { hold } from '../held.js'
import { when, words } from '../words.js'

const titles = /** @type {Record<string, string>} */ ({ VERIFICATION: 'Verification', FILL: 'Fill', PRODUCT_CHECK: 'Product check', DATA_ENTRY: 'Data entry' })

/** A queue of the pharmacy: what arrives, who claims what, what is done, without asking. @param {import('../main.js').App} app @param {string} name */
export async function queuePage({ graph, say, go }, name) {
  const [list, depth, link] = [h('tbody', null), h('strong', null, '0'), h('span', { class: 'quiet live' }, 'Connecting…')]
  /** @type {Map<string, any>} */ let items = new Map()
  const draw = () => {
    const open = [...items.values()].filter(({ state }) => state !== 'DONE' && state !== 'WITHDRAWN').sort((a, b) => a.priority - b.priority || String(a.dueAt).localeCompare(String(b.dueAt)))
    show(depth, open.filter(({ state }) => state === 'AVAILABLE' || state === 'ESCALATED').length)
    show(list, open.length ? open.map(row) : h('tr', null, h('td', { colspan: 5, class: 'quiet' }, 'Nothing waits.')))
  }
  const stop = graph.live('WorkQueueChanged', { queue: name }, {
    event: ({ kind, item, queue }) => {
      if (kind === 'SNAPSHOT') items = new Map(queue.items.nodes.map((/** @type {any} */ node) => [node.id, node]))
      else if (item) items.set(item.id, item)
      draw()
    },
    state: (state, why) => show(link, state === 'live' ? 'Live' : state === 'waiting' ? 'Reconnecting…' : why),
  })
  const claim = async () => {
    const { claimNextWorkItem } = await graph.run('ClaimNextWorkItem', { input: { queue: name } })
    if (!claimNextWorkItem) return say('Nothing waits.')
    hold({ workItemId: claimNextWorkItem.item.id, token: claimNextWorkItem.token })
    go(claimNextWorkItem.item.fill ? `/fill/${claimNextWorkItem.item.fill.id}` : `/review/${claimNextWorkItem.item.prescription.id}`)
  }
  return {
    title: titles[name] ?? words(name),
    body: h('div', null,
      h('p', { class: 'row' }, h('span', null, depth, ' waiting'), link, h('button', { onclick: claim }, 'Claim next')),
      h('div', { class: 'scroll' }, h('table', null, h('thead', null, h('tr', null, ['Number', 'State', 'Priority', 'Due', 'Claimed'].map((title) => h('th', { scope: 'col' }, title)))), list))),
    close: stop,
  }
}

/** @param {any} item */
const row = (item) => h('tr', { class: item.state.toLowerCase() },
  h('td', null, item.prescription?.number ?? item.fill?.number ?? ''), h('td', null, words(item.state)), h('td', null, item.priority), h('td', null, when(item.dueAt)),
  h('td', null, item.claimedBy ? `until ${when(item.leaseUntil)}` : ''))
