import { h, form, labelled, show } from '../dom.js'
import { day, money, refusal, words } from '../words.js'

/** A patient's prescriptions and orders; both change as they are looked at. @param {import('../main.js').App} app */
export async function overviewPage(app) {
  const { graph } = app
  const me = await graph.run('Me')
  if (!me.me) return app.session.person?.roles.includes('patient') ? registration(app) : caredForPage(app)
  const [prescriptions, orders] = [h('ul', { class: 'list' }), h('ul', { class: 'list' })]

  const readPrescriptions = async () => {
    const nodes = (await graph.run('MyPrescriptions')).me?.prescriptions.nodes ?? []
    show(prescriptions, nodes.length ? nodes.map((/** @type {any} */ row) => prescription(app, row)) : h('li', { class: 'quiet' }, 'No prescriptions in force.'))
  }
  const readOrders = async () => {
    const nodes = (await graph.run('MyOrders')).me?.orders.nodes ?? []
    show(orders, nodes.length ? nodes.map(order) : h('li', { class: 'quiet' }, 'Nothing ordered yet.'))
  }
  await Promise.all([readPrescriptions(), readOrders()])
  const stops = [
    graph.live('MyOrderChanged', {}, { event: ({ kind }) => kind === 'CHANGE' && void readOrders() }),
    graph.live('MyPrescriptionChanged', {}, { event: ({ kind }) => kind === 'CHANGE' && void readPrescriptions() }),
  ]
  return {
    title: `Hello, ${me.me.name.given}`,
    body: h('div', { class: 'columns' }, h('section', null, h('h2', null, 'Prescriptions'), prescriptions), h('section', null, h('h2', null, 'Orders'), orders)),
    close: () => stops.forEach((stop) => stop()),
  }
}

/** @param {import('../main.js').App} app @param {any} row */
function prescription({ graph, say, go }, row) {
  const order = async () => {
    const { addToCart } = await graph.run('AddToCart', { input: { prescriptionId: row.id } })
    if (addToCart.__typename !== 'CartPayload') return say(refusal(addToCart), 'bad')
    go('/cart')
  }
  return h('li', { class: 'card' },
    h('div', { class: 'row' }, h('strong', null, row.drug?.name ?? 'Medicine', ' ', row.drug?.strength ?? ''), h('span', { class: 'tag' }, words(row.status))),
    h('p', null, row.sig),
    row.statusReason && h('p', { class: 'quiet' }, row.statusReason.message),
    h('p', { class: 'quiet' }, `No. ${row.number} · ${row.refillsRemaining} of ${row.refillsAuthorized} refills left · valid until ${day(row.expiryDate)}`,
      row.prescriber && ` · ${row.prescriber.name.full}`),
    row.status === 'VERIFIED' && h('button', { onclick: order }, 'Order'))
}

/** @param {any} row */
const order = (row) => h('li', { class: 'card' },
  h('div', { class: 'row' }, h('a', { href: `#/order/${row.id}` }, `Order ${row.number}`), h('span', { class: 'tag' }, words(row.status))),
  h('p', { class: 'quiet' }, row.lines.map((/** @type {any} */ line) => line.drug?.name).filter(Boolean).join(', '), ' · ', money(row.totalAmount)))

/** @param {import('../main.js').App} app */
function registration({ graph, say, go }) {
  const register = async (/** @type {Record<string, string>} */ { dispensing, notifications, ...fields }) => {
    const consents = [dispensing && 'DISPENSING', notifications && 'NOTIFICATIONS'].filter(Boolean)
    const { registerPatient } = await graph.run('RegisterPatient', { input: { ...fields, consents } })
    if (registerPatient.__typename !== 'RegisterPatientPayload') return say(`${registerPatient.field}: ${registerPatient.message}`, 'bad')
    say('Welcome. You are registered.')
    go('/')
  }
  const input = (/** @type {string} */ name, /** @type {Record<string, string>} */ more = {}) => h('input', { name, required: true, ...more })
  return {
    title: 'Register with the pharmacy',
    body: form({ class: 'card narrow' }, register,
      labelled('Given name', input('given', { autocomplete: 'given-name' })), labelled('Family name', input('family', { autocomplete: 'family-name' })),
      labelled('Date of birth', input('dateOfBirth', { type: 'date' })),
      labelled('Sex', h('select', { name: 'sex' }, ['FEMALE', 'MALE', 'OTHER', 'UNKNOWN'].map((sex) => h('option', { value: sex }, words(sex))))),
      labelled('E-mail', input('email', { type: 'email', autocomplete: 'email' })), labelled('Phone', input('phone', { type: 'tel', autocomplete: 'tel' })),
      h('label', { class: 'tick' }, h('input', { type: 'checkbox', name: 'dispensing', checked: true }), h('span', null, 'Fill my prescriptions and keep the record that needs')),
      h('label', { class: 'tick' }, h('input', { type: 'checkbox', name: 'notifications', checked: true }), h('span', null, 'Tell me about orders and deliveries')),
      h('button', null, 'Register')),
  }
}

/** A caregiver sees whom they act for. @param {import('../main.js').App} app */
async function caredForPage({ graph, say, go }) {
  const { caredFor } = await graph.run('CaredFor')
  const accept = async (/** @type {Record<string, string>} */ { code }) => {
    const { acceptCaregiverInvitation } = await graph.run('AcceptCaregiverInvitation', { input: { code } })
    if (acceptCaregiverInvitation.message) return say(acceptCaregiverInvitation.message, 'bad')
    go('/')
  }
  const person = async (/** @type {any} */ { relationship, scopes, patient }) => {
    const { patient: record } = await graph.run('PatientPage', { id: patient.id })
    return h('li', { class: 'card' }, h('strong', null, patient.name.full), h('p', { class: 'quiet' }, `${words(relationship)} · you may: ${scopes.map(words).join(', ').toLowerCase()}`),
      h('ul', null, record?.prescriptions.nodes.map((/** @type {any} */ row) => h('li', null, `${row.drug?.name ?? 'Medicine'} — ${words(row.status)}`))))
  }
  return {
    title: 'People you act for',
    body: h('div', null, h('ul', { class: 'list' }, await Promise.all(caredFor.filter((/** @type {any} */ row) => row.patient).map(person))),
      form({ class: 'card narrow' }, accept, h('p', null, 'Somebody gave you a code?'), labelled('Code', h('input', { name: 'code', required: true })), h('button', null, 'Take it up'))),
  }
}
