import { h, show } from '../dom.js'
import { day, money, progress, refusal, when, words } from '../words.js'

/** One order on its way, as it moves. @param {import('../main.js').App} app @param {string} id */
export async function orderPage({ graph, say }, id) {
  const { order } = await graph.run('OrderPage', { id })
  if (!order) return { title: 'There is no such order', body: h('p', null, h('a', { href: '#/' }, 'Back to the overview')) }
  const body = h('div', null)
  const link = h('p', { class: 'quiet live' }, 'Connecting…')
  const read = async () => show(body, view((await graph.run('OrderPage', { id })).order))

  const cancel = async () => {
    const { cancelOrder } = await graph.run('CancelOrder', { input: { orderId: id, reason: 'Not needed any more' } })
    if (cancelOrder.__typename !== 'OrderPayload') return say(refusal(cancelOrder), 'bad')
    await read()
  }
  const view = (/** @type {any} */ order) => [
    h('ol', { class: 'steps' }, progress(order.status).map(({ step, state }) => h('li', { class: state, 'aria-current': state === 'now' && 'step' }, words(step)))),
    h('p', null, h('strong', { class: 'status' }, words(order.status)), order.statusReason && ` — ${order.statusReason.message}`),
    order.payment?.nextActionUrl && h('p', null, h('a', { href: order.payment.nextActionUrl, target: '_blank', rel: 'noopener' }, 'Confirm the payment with your bank')),
    order.shipment && h('p', null, `Parcel ${order.shipment.trackingNumber ?? ''}: ${words(order.shipment.status)}`, order.shipment.estimatedDelivery && `, expected ${when(order.shipment.estimatedDelivery)}`,
      order.shipment.requirements?.adultSignature && '. An adult must sign for it.'),
    h('ul', { class: 'list' }, order.lines.map((/** @type {any} */ line) => h('li', { class: 'card' },
      h('div', { class: 'row' }, h('span', null, line.drug?.name ?? 'Medicine', ' ', line.drug?.strength ?? ''), h('span', null, money(line.lineTotal))),
      h('p', { class: 'quiet' }, `${line.quantity} units · ${words(line.status)}`, line.suppliedQuantity !== null && line.suppliedQuantity !== line.quantity && `, ${line.suppliedQuantity} supplied`),
      line.why && h('p', null, line.why.message, line.why.nextStep !== 'NONE' && ` ${words(line.why.nextStep)}.`, line.why.nextAt && ` ${day(line.why.nextAt)}`)))),
    order.fulfilments.length > 1 && [h('h2', null, `In ${order.fulfilments.length} parts`), h('ul', { class: 'list' }, order.fulfilments.map((/** @type {any} */ part) => h('li', { class: 'card row' },
      h('span', null, `Part ${part.number}: ${part.lines.map((/** @type {any} */ { id }) => order.lines.find((/** @type {any} */ line) => line.id === id)?.drug?.name ?? 'medicine').join(', ')}`),
      h('span', { class: 'tag' }, words(part.status), part.shipment?.trackingNumber && ` · ${part.shipment.trackingNumber}`))))],
    h('dl', null, [['Goods', order.subtotal], ['Tax', order.tax], ['Shipping', order.shipping], ['Total', order.totalAmount], ...(order.amountDue && order.amountDue.amountMinor !== order.totalAmount.amountMinor ? [['To pay', order.amountDue]] : [])].map(([name, amount]) => [h('dt', null, name), h('dd', null, money(amount))])),
    order.allowedActions.includes('cancel') && h('p', null, h('button', { class: 'quiet', onclick: cancel }, 'Cancel the order')),
    h('details', null, h('summary', null, 'What happened'), h('ul', null, order.history.map((/** @type {any} */ { to, at, reason }) => h('li', null, `${when(at)}: ${words(to)}`, reason && ` (${reason})`)))),
  ]
  show(body, view(order))
  const stop = graph.live('OrderChanged', { orderId: id }, {
    event: () => void read(),
    state: (state, why) => show(link, state === 'live' ? 'Live' : state === 'waiting' ? 'Reconnecting…' : why),
  })
  return { title: `Order ${order.number}`, body: h('div', null, link, body), close: stop }
}
