import { form, h, labelled, show } from '../dom.js'
import { follow, heldNow, keepLease, letGo } from '../held.js'
import { day, words } from '../words.js'

/** The bench: a technician scans what was set aside, a second person compares and releases. @param {import('../main.js').App} app @param {string} id */
export async function fillPage(app, id) {
  const { graph, say, go } = app
  const held = heldNow()
  const { fill } = await graph.run('FillPage', { id })
  if (!fill) return { title: 'There is no such fill', body: h('p', null, h('a', { href: '#/queue/FILL' }, 'The bench')) }
  const checking = fill.status === 'PRODUCT_CHECK' || fill.status === 'PACKED'
  const lots = h('ul', { class: 'list' })
  const draw = (/** @type {any[]} */ rows) => show(lots, rows.map((row) => h('li', { class: 'card' },
    h('div', { class: 'row' }, h('strong', null, `${row.quantity} × NDC ${row.ndc}`), h('span', { class: 'tag' }, row.scanned ? 'scanned' : 'to scan')),
    h('p', { class: 'quiet' }, `lot ${row.lotNumber}`, row.expiryDate && `, expires ${day(row.expiryDate)}`, row.lot?.location && `, ${row.lot.location.name}`))))
  draw(fill.lots)

  const scan = async (/** @type {Record<string, string>} */ { barcode }) => {
    const { scanFill } = await graph.run('ScanFill', { input: { ...held, barcode } })
    if (scanFill.__typename === 'WrongProduct') return say(`${scanFill.message} Wanted ${scanFill.expected}, scanned ${scanFill.scanned}.`, 'bad')
    follow(app, scanFill, 'FillPayload', () => {
      draw(fill.lots.map((/** @type {any} */ row) => ({ ...row, ...scanFill.fill.lots.find((/** @type {any} */ lot) => lot.lotNumber === row.lotNumber) })))
      field.value = ''
    })
  }
  const done = (/** @type {string} */ queue, /** @type {string} */ text) => () => {
    letGo()
    say(text)
    go(`/queue/${queue}`)
  }
  const submit = async () => follow(app, (await graph.run('SubmitFill', { input: held })).submitFill, 'FillPayload', done('FILL', 'Handed to the product check.'))
  const check = async () => follow(app, fill.status === 'PACKED' ? { __typename: 'FillPayload' } : (await graph.run('CheckFill', { input: held })).checkFill, 'FillPayload', () => void release())
  const release = async () => follow(app, (await graph.run('ReleaseFill', { input: { fillId: id } })).releaseFill, 'FillPayload', done('PRODUCT_CHECK', 'Released: the payment is captured and the parcel is made.'))
  const field = /** @type {HTMLInputElement} */ (h('input', { name: 'barcode', required: true, autofocus: true, autocomplete: 'off', placeholder: 'GS1 code, or NDC and lot' }))

  return {
    title: `${fill.prescription?.drug?.name ?? 'Fill'} ${fill.prescription?.drug?.strength ?? ''}`,
    body: h('div', { class: 'columns' },
      h('section', { class: 'card' }, h('p', null, h('span', { class: 'tag' }, words(fill.status)), fill.statusReason && ` ${fill.statusReason.message}`),
        h('dl', null, [['Prescription', fill.prescription?.number], ['Directions', fill.prescription?.sig], ['Quantity', `${fill.quantity} for ${fill.daysSupply ?? '?'} days`], ['Order', fill.order?.number]]
          .filter(([, value]) => value).map(([name, value]) => [h('dt', null, name), h('dd', null, value)]))),
      h('section', null, h('h2', null, 'Set aside for it'), lots,
        !held ? h('p', { class: 'quiet' }, 'Claim the item to work on it.')
          : checking ? h('p', null, h('button', { onclick: check }, 'Passed: release'))
            : [form({ class: 'card' }, scan, labelled('Scan', field), h('button', { class: 'quiet' }, 'Scan')), h('p', null, h('button', { onclick: submit }, 'Done, to the product check'))])),
    close: keepLease(app, held),
  }
}
