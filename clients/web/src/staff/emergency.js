import { form, h, labelled, show } from '../dom.js'
import { follow } from '../held.js'
import { when, words } from '../words.js'

const reasons = ['ACUTE_TREATMENT', 'UNCONSCIOUS_PATIENT', 'POISONING_OR_OVERDOSE', 'PUBLIC_HEALTH_EMERGENCY']

/** A prescriber opens the record of a patient in an emergency, for an hour; the patient and compliance hear of it. @param {import('../main.js').App} app */
export async function emergencyPage(app) {
  const { graph } = app
  const [record, before] = [h('div', null), h('ul', { class: 'list' })]
  const readBefore = async () => {
    const { emergencyAccesses } = await graph.run('EmergencyAccesses')
    show(before, emergencyAccesses.nodes.length ? emergencyAccesses.nodes.map(access) : h('li', { class: 'quiet' }, 'None.'))
  }
  const open = async (/** @type {Record<string, string>} */ { reason, note, ...who }) => {
    const { breakGlass } = await graph.run('BreakGlass', { input: { who, reason, note } })
    return follow(app, breakGlass, 'BreakGlassPayload', async () => {
      const { patient } = await graph.run('EmergencyRecord', { id: breakGlass.access.patientId })
      show(record, patient && recordOf(patient, breakGlass.access, close))
      await readBefore()
    })
  }
  const close = async (/** @type {string} */ id) => {
    await graph.run('EndEmergencyAccess', { id })
    show(record)
    await readBefore()
  }
  await readBefore()
  const input = (/** @type {string} */ name, /** @type {Record<string, string | boolean>} */ more = {}) => h('input', { name, required: true, autocomplete: 'off', ...more })
  return {
    title: 'Emergency access',
    body: h('div', { class: 'columns' },
      form({ class: 'card narrow' }, open, h('p', null, 'For an emergency only. The patient is told, and every access is reviewed.'),
        labelled('Given name', input('given')), labelled('Family name', input('family')), labelled('Date of birth', input('dateOfBirth', { type: 'date' })),
        labelled('Reason', h('select', { name: 'reason' }, reasons.map((reason) => h('option', { value: reason }, words(reason))))),
        labelled('What happened', h('textarea', { name: 'note', required: true, maxlength: '1000' })), h('button', null, 'Open the record for one hour')),
      h('section', null, record, h('h2', null, 'Your accesses'), before)),
  }
}

/** @param {any} patient @param {any} access @param {(id: string) => void} close */
const recordOf = (patient, access, close) => h('div', { class: 'card', role: 'status' },
  h('div', { class: 'row' }, h('strong', null, patient.name.full), h('span', { class: 'tag' }, `until ${when(access.expiresAt)}`)),
  h('h3', null, 'Allergies'), items(patient.allergies.map((/** @type {any} */ row) => `${row.substance.display} — ${words(row.severity)}`)),
  h('h3', null, 'Conditions'), items(patient.conditions.map((/** @type {any} */ row) => row.code.display)),
  h('h3', null, 'Medicines'), items(patient.prescriptions?.nodes.map((/** @type {any} */ row) => `${row.drug?.name ?? row.drugText} ${row.drug?.strength ?? ''} — ${row.sig} (${words(row.status)})`) ?? []),
  h('button', { class: 'quiet', onclick: () => close(access.id) }, 'Close the record'))

/** @param {string[]} texts */
const items = (texts) => h('ul', null, texts.length ? texts.map((text) => h('li', null, text)) : h('li', { class: 'quiet' }, 'None recorded.'))

/** @param {any} row */
const access = (row) => h('li', { class: 'card' }, h('div', { class: 'row' }, h('span', null, words(row.reason)), h('span', { class: 'tag' }, words(row.status))), h('p', { class: 'quiet' }, when(row.grantedAt)))
