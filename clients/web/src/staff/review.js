import { form, h, labelled } from '../dom.js'
import { follow, heldNow, keepLease, letGo } from '../held.js'
import { day, refusal, words } from '../words.js'

/** A pharmacist's review of the prescription they have claimed. @param {import('../main.js').App} app @param {string} id */
export async function reviewPage(app, id) {
  const { graph, say, go } = app
  const held = heldNow()
  const { prescription: row } = await graph.run('ReviewPrescription', { id })
  if (!row) return { title: 'There is no such prescription', body: h('p', null, h('a', { href: '#/queue/VERIFICATION' }, 'The queue')) }
  const done = (/** @type {any} */ answer, /** @type {string} */ text) => follow(app, answer, 'PrescriptionPayload', () => {
    letGo()
    say(text)
    go('/queue/VERIFICATION')
  })
  const verify = async () => done((await graph.run('VerifyPrescription', { input: held })).verifyPrescription, `${row.number} is verified.`)
  const reject = async (/** @type {Record<string, string>} */ { text }) => done((await graph.run('RejectPrescription', { input: { ...held, reasonCode: 'OTHER', text } })).rejectPrescription, `${row.number} is rejected.`)
  const release = async () => {
    await graph.run('ReleaseWorkItem', { input: held })
    letGo()
    go('/queue/VERIFICATION')
  }
  const override = (/** @type {any} */ alert) => async (/** @type {Record<string, string>} */ { text }) => {
    const { overrideAlert } = await graph.run('OverrideAlert', { input: { ...held, alertId: alert.id, professionalService: 'M0', result: '1G', text } })
    if (overrideAlert.__typename !== 'PrescriptionPayload') return say(refusal(overrideAlert), 'bad')
    go(`/review/${id}`)
  }
  const facts = [['Patient', `${row.patient?.name.full ?? '—'}, born ${day(row.patient?.dateOfBirth)}, ${words(row.patient?.sex ?? '')}`], ['Written', `${row.drugText}: ${row.sig}`], ['Drug', row.drug && `${row.drug.name} ${row.drug.strength} ${words(row.deaSchedule)}`],
    ['Quantity', `${row.quantity} for ${row.daysSupply ?? '?'} days, ${row.refillsAuthorized} refills`], ['Prescriber', row.prescriber && `${row.prescriber.name.full}, NPI ${row.prescriber.npi}, ${row.prescriber.licences.map((/** @type {any} */ { number, state, status }) => `${state} ${number} ${words(status).toLowerCase()}`).join(', ')}`],
    ['Issued', `${day(row.issueDate)}, valid until ${day(row.expiryDate)}${row.expiryRule ? ` (${row.expiryRule.source})` : ''}`],
    ['Allergies', row.patient?.allergies.map((/** @type {any} */ { substance, reaction }) => `${substance.display}${reaction ? ` (${reaction})` : ''}`).join(', ') || 'none recorded'],
    ['Conditions', row.patient?.conditions.map((/** @type {any} */ { code }) => code.display).join(', ') || 'none recorded']]
  return {
    title: `Prescription ${row.number}`,
    body: h('div', { class: 'columns' },
      h('section', { class: 'card' }, h('p', null, h('span', { class: 'tag' }, words(row.status))), h('dl', null, facts.filter(([, value]) => value).map(([name, value]) => [h('dt', null, name), h('dd', null, value)]))),
      h('section', null, h('h2', null, 'Alerts'), h('ul', { class: 'list' }, row.alerts.length ? row.alerts.map((/** @type {any} */ alert) => h('li', { class: 'card' },
        h('div', { class: 'row' }, h('strong', null, words(alert.kind)), h('span', { class: `tag ${alert.severity.toLowerCase()}` }, words(alert.severity))), h('p', null, alert.message), alert.management && h('p', { class: 'quiet' }, alert.management),
        alert.override ? h('p', { class: 'quiet' }, `Answered: ${alert.override.text}`) : alert.open && held && form({}, override(alert), labelled('Prescriber consulted, filled as is, because', h('input', { name: 'text', required: true, minlength: 10 })), h('button', { class: 'quiet' }, 'Override'))))
        : h('li', { class: 'quiet' }, 'None.')),
      held ? [h('p', { class: 'row' }, h('button', { onclick: verify }, 'Verify'), h('button', { class: 'quiet', onclick: release }, 'Put back')),
        form({ class: 'card' }, reject, labelled('Reject, because', h('input', { name: 'text', required: true, minlength: 10 })), h('button', { class: 'quiet' }, 'Reject'))]
        : h('p', { class: 'quiet' }, 'Claim the item to decide.'))),
    close: keepLease(app, held),
  }
}
