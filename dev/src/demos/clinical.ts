/**
 * `npm run demo -- clinical`: what stops a prescription and what helps it on. A refill the law forbids, a forgery in the
 * database, a pair of drugs that must not meet, a question to the prescriber, a renewal, and three pharmacists at one queue.
 * A new patient each time, so that it can be played again on the same stack.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { demoData } from '@pharmagraph/platform/demo-data.ts'
import { GraphClient, type Data } from '@pharmagraph/sdk'
import { people, type Person } from '../identity/people.ts'
import { signIn, signUp } from '../identity/sign-in.ts'
import { control, expect, findDrug, until, type Narrator, type Practitioners, type System } from '../journey/journey.ts'
import { readJsonFile } from '../json-file.ts'
import { databaseSetting } from '../stack/environment.ts'
import { configuredPorts, defaultPorts } from '../stack/ports.ts'

const pair = { first: 'sertraline', second: 'linezolid' }

export async function play(system: System & { dataDir: string }, { step, sees }: Narrator): Promise<void> {
  const staff = async (person: Person): Promise<GraphClient> => new GraphClient(system, 'staff', (await signIn(system.issuer, person, { clientId: 'staff', otp: true })).accessToken)

  step('Maya, a patient', 'registers, and three pharmacists come to work with their second factor')
  const maya = { given: 'Maya', family: 'Sandoval', dateOfBirth: `19${randomInt(50, 99)}-0${randomInt(1, 9)}-1${randomInt(0, 9)}`, phone: `415555${String(randomInt(0, 9999)).padStart(4, '0')}` }
  const email = `maya.${randomUUID().slice(0, 8)}@demo.pharmagraph.test`
  const session = await signUp(system.issuer, { givenName: maya.given, familyName: maya.family, email, password: 'correct horse battery' })
  const patient = new GraphClient(system, 'web', session.accessToken)
  const { registerPatient } = await patient.run('RegisterPatient', { input: { ...maya, sex: 'FEMALE', email, consents: ['DISPENSING', 'NOTIFICATIONS', 'AUTO_REFILL'] } })
  expect(registerPatient.__typename === 'RegisterPatientPayload', 'the registration to be accepted', registerPatient)
  const { addAddress } = await patient.run('AddAddress', { input: { recipient: 'Maya Sandoval', line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } })
  const [grace, nora, ken] = [await staff(people.grace), await staff(people.nora), await staff(people.ken)]
  for (const pharmacist of [grace, nora, ken]) await emptyHands(pharmacist)
  const doctor = demoData<Practitioners>('people.json').practitioners.find(({ id }) => id === people.elena.practitionerId)
  expect(doctor, 'Dr. Petrova among the demo practitioners')

  /** A NewRx as the prescriber's system sends it; what became of it at the network. */
  const send = async (drug: Data, about: object): Promise<Data> => {
    const { messageId } = await control(system.sandboxes.erx, '/control/send-newrx', {
      patient: { firstName: maya.given, lastName: maya.family, dateOfBirth: maya.dateOfBirth, gender: 'F', phone: maya.phone, email, address: { line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } },
      prescriber: { firstName: doctor.givenName, lastName: doctor.familyName, npi: doctor.npi, dea: doctor.dea, phone: doctor.phone, address: doctor.address },
      drug: { description: `${drug.name} ${drug.strength}`, ndc: drug.ndc11.replaceAll('-', ''), ...(drug.deaSchedule === 'NONE' ? {} : { deaSchedule: drug.deaSchedule }) },
      quantity: 30, daysSupply: 30, refills: 0, sig: 'Take 1 tablet by mouth daily', writtenDate: new Date().toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' }), ...about,
    })
    return until('the pharmacy’s answer', async () => (await messages(system, { messageId }))[0], 20_000).then((sent) =>
      sent.state === 'queued' ? until('the pharmacy’s answer', async () => (await messages(system, { messageId })).find(({ state }) => state !== 'queued')) : sent)
  }
  const mine = async (): Promise<Data[]> => (await patient.run('MyPrescriptions', { filter: 'ALL', first: 50 })).me.prescriptions.nodes
  const known = new Set<string>()
  /** The prescription that came of the last message, before the pharmacists. */
  const arrived = async (status = 'CLINICAL_REVIEW'): Promise<Data> => {
    const found = await until(`the prescription in ${status}`, async () => (await mine()).find((one) => !known.has(one.id) && one.status === status))
    known.add(found.id)
    return found
  }
  /** The pharmacist-in-charge picks it out of turn. */
  const claimed = async (prescriptionId: string, queue = 'VERIFICATION', by = grace): Promise<{ workItemId: string; token: number; fillId: string }> => {
    const item = await until('the work item', async () => {
      const { workQueue } = await by.run('WorkQueue', { name: queue, first: 200 })
      return workQueue.items.nodes.find((node: Data) => node.prescription?.id === prescriptionId)
    })
    const { claimWorkItem } = await by.run('ClaimWorkItem', { input: { workItemId: item.id } })
    return { workItemId: item.id, token: claimWorkItem.token, fillId: claimWorkItem.item.fill?.id }
  }
  const verify = async (held: { workItemId: string; token: number }): Promise<Data> => (await grace.run('VerifyPrescription', { input: { workItemId: held.workItemId, token: held.token } })).verifyPrescription
  const verified = async (prescriptionId: string): Promise<void> => {
    const outcome = await verify(await claimed(prescriptionId))
    expect(outcome.prescription?.status === 'VERIFIED', 'the verification to be accepted', outcome)
  }

  step('Dr. Petrova', 'prescribes oxycodone, schedule II, with a refill')
  const oxycodone = await findDrug(patient, 'oxycodone', /oxycodone/i, '10 mg')
  const refused = await send(oxycodone, { refills: 1, daysSupply: 8 })
  expect(refused.state === 'refused' && refused.answer?.description?.includes('21 CFR 1306.12(a)'), 'the refill of schedule II to be refused with its citation', refused.answer)
  sees(`the pharmacy answers Error ${refused.answer.code}: ${refused.answer.description}`)
  const taken = await send(oxycodone, { refills: 0, daysSupply: 8 })
  expect(taken.state === 'accepted', 'the same without a refill to be taken', taken.answer)
  const opioid = await arrived()
  await verified(opioid.id)
  sees(`without the refill it is taken as ${opioid.number}, and Dr. Kim verifies it`)
  const { setAutoRefill } = await patient.run('SetAutoRefill', { input: { prescriptionId: opioid.id, enabled: true } })
  expect(setAutoRefill.code === 'CII_NO_REFILLS', 'automatic refills of schedule II to be refused', setAutoRefill)
  sees(`Maya asks for automatic refills of it: ${setAutoRefill.message}`)

  step('Somebody with the database password', 'makes 30 tablets 300')
  const metformin = await findDrug(patient, 'metformin', /metformin/i, '1000 mg')
  await send(metformin, { quantity: 60, refills: 3, sig: 'Take 1 tablet by mouth twice daily' })
  const forged = await arrived()
  const altered = await sql(system.dataDir, 'update prescription set quantity = 300, refills_authorized = 9 where id = $1', [forged.id])
  expect(altered === 1, 'one row to be altered', altered)
  const forgedItem = await claimed(forged.id)
  const caught = await verify(forgedItem)
  expect(caught.__typename === 'TransitionRefused' && caught.code === 'CONTENT_ALTERED', 'the alteration to be found at the verification', caught)
  sees(`Dr. Kim takes it up: ${caught.code}, ${caught.message}`)
  const { rejectPrescription } = await grace.run('RejectPrescription', { input: { workItemId: forgedItem.workItemId, token: forgedItem.token, reasonCode: 'FORGERY_SUSPECTED', text: 'The stored prescription is not what was submitted.' } })
  expect(rejectPrescription.prescription?.status === 'REJECTED', 'the forgery to be rejected', rejectPrescription)
  sees('it is rejected as a suspected forgery, on record')

  step('Dr. Petrova', `prescribes ${pair.first}, then ${pair.second}: a pair of the ONC high-priority list`)
  const first = await findDrug(patient, pair.first, new RegExp(pair.first, 'i'), '50 mg')
  await send(first, { sig: 'Take 1 tablet by mouth every morning' })
  const antidepressant = await arrived()
  await verified(antidepressant.id)
  const second = await findDrug(patient, pair.second, new RegExp(pair.second, 'i'), '600 mg')
  await send(second, { quantity: 14, daysSupply: 7, sig: 'Take 1 tablet by mouth twice daily' })
  const antibiotic = await arrived()
  const held = await claimed(antibiotic.id)
  const stopped = await verify(held)
  const alert = stopped.openAlerts?.find(({ severity }: Data) => severity === 'CONTRAINDICATED')
  expect(stopped.__typename === 'ReviewIncomplete' && alert, 'the pair to stop the verification', stopped)
  sees(`stopped: ${alert.severity}, ${alert.message}`)
  const { overrideAlert } = await grace.run('OverrideAlert', { input: { workItemId: held.workItemId, token: held.token, alertId: alert.id, professionalService: 'M0', result: '1G', text: 'Dr. Petrova stops the antidepressant today, seven days under observation.' } })
  expect(overrideAlert.__typename === 'PrescriptionPayload', 'the first pharmacist’s answer to be recorded', overrideAlert)
  expect((await verify(held)).__typename === 'ReviewIncomplete', 'one pharmacist not to be enough')
  const alone = (await grace.run('ConfirmOverride', { input: { alertId: alert.id } })).confirmOverride
  expect(alone.__typename === 'SeparationOfDuties', 'the same pharmacist not to agree with herself', alone)
  sees(`Dr. Kim answers M0/1G, prescriber consulted and approving; alone she cannot: ${alone.message}`)
  const agreed = (await nora.run('ConfirmOverride', { input: { alertId: alert.id } })).confirmOverride
  expect(agreed.__typename === 'PrescriptionPayload', 'the second pharmacist to agree', agreed)
  const passed = await verify(held)
  expect(passed.prescription?.status === 'VERIFIED', 'the pair to go on with two pharmacists', passed)
  sees('Dr. Patel agrees, and the prescription is verified')

  step('Dr. Kim', 'asks the prescriber what the directions mean')
  const lisinopril = await findDrug(patient, 'lisinopril', /lisinopril/i, '10 mg')
  await send(lisinopril, { sig: 'Take as directed' })
  const unclear = await arrived()
  const asking = await claimed(unclear.id)
  const { requestClarification } = await grace.run('RequestClarification', { input: { workItemId: asking.workItemId, token: asking.token, question: 'Which dose, and how often?' } })
  expect(requestClarification.prescription?.status === 'CLARIFICATION', 'the prescription to wait for the prescriber', requestClarification)
  const question = await until('the RxChangeRequest at the network', async () => (await messages(system, { type: 'RxChangeRequest' })).find(({ messageId }) => messageId.includes(unclear.id)))
  sees(`RxChangeRequest ${question.messageId.slice(0, 24)}… goes out over the network`)
  await control(system.sandboxes.erx, '/control/respond', { messageId: question.messageId, outcome: 'validated', note: 'One tablet once a day, in the morning.' })
  await until('the prescription back before the pharmacists', async () => (await mine()).some(({ id, status }) => id === unclear.id && status === 'CLINICAL_REVIEW'))
  const { prescription: answered } = await grace.run('ReviewPrescription', { id: unclear.id })
  sees(`Dr. Petrova answers: ${answered.statusReason.message}`)
  await verified(unclear.id)
  sees('and the prescription is verified')

  step('Maya', `orders the lisinopril, which has no refill, and asks for more of it`)
  const released = await dispense(patient, { grace, nora }, unclear.id, addAddress.address.id, () => claimed(unclear.id, 'FILL'))
  sees(`filled by Dr. Kim, checked and released by Dr. Patel: ${released}`)
  const { requestRefill } = await until('the refill to find none left', async () => {
    const outcome = await patient.run('RequestRefill', { input: { prescriptionId: unclear.id } })
    return outcome.requestRefill.refillRequest?.status === 'WITH_PRESCRIBER' && outcome
  })
  expect(requestRefill.refillRequest.reason.code === 'NO_REFILLS_LEFT', 'the reason to be in codes', requestRefill)
  sees(`${requestRefill.refillRequest.reason.code}: ${requestRefill.refillRequest.reason.message}`)
  const renewalId = `RENEW-${requestRefill.refillRequest.id}`
  await until('the RxRenewalRequest at the network', async () => (await messages(system, { messageId: renewalId }))[0])
  await control(system.sandboxes.erx, '/control/respond', { messageId: renewalId, outcome: 'approved', refills: 3 })
  const renewed = await arrived()
  const renewal = await claimed(renewed.id)
  const early = await verify(renewal)
  const soon = early.openAlerts?.find(({ kind }: Data) => kind === 'EARLY_REFILL')
  expect(early.__typename === 'ReviewIncomplete' && soon, 'the renewal on the day of the fill to be looked at twice', early)
  sees(`approved, and looked at twice: ${soon.severity} ${soon.kind}, ${soon.message}`)
  await grace.run('OverrideAlert', { input: { workItemId: renewal.workItemId, token: renewal.token, alertId: soon.id, professionalService: 'P0', result: '1B', text: 'For the time after the present supply; the refill rule keeps the day.' } })
  expect((await verify(renewal)).prescription?.status === 'VERIFIED', 'the renewal to be verified')
  const fresh = (await mine()).find(({ id }) => id === renewed.id)!
  expect(fresh['refillsAuthorized'] === 3, 'the renewal to bring three refills', fresh)
  sees(`${fresh['number']} with 3 refills takes over, verified like any other`)

  step('Three pharmacists', 'claim from one queue at the same moment')
  for (const [search, strength] of [['atorvastatin', '20 mg'], ['amlodipine', '5 mg'], ['montelukast', '10 mg']] as const) {
    await send(await findDrug(patient, search, new RegExp(search, 'i'), strength), { refills: 1 })
    await arrived()
  }
  const claims = await Promise.all([grace, nora, ken].map((pharmacist) => claimNext(pharmacist)))
  const again = await Promise.all([grace, nora, ken].map((pharmacist) => claimNext(pharmacist)))
  expect(new Set(claims.map(({ item }) => item.id)).size === 3, 'three different items', claims)
  expect(claims.every(({ item, token }, n) => again[n]!['item'].id === item.id && again[n]!['token'] === token), 'who claims again to get the same item', again)
  sees(`each gets another item: ${claims.map(({ item }) => item.prescription.number).join(', ')}; asking again gives each their own, under the same fencing token`)
  for (const [n, pharmacist] of [grace, nora, ken].entries()) await putBack(pharmacist, claims[n]!)
  const late = (await ken.run('VerifyPrescription', { input: { workItemId: claims[2]!['item'].id, token: claims[2]!['token'] } })).verifyPrescription
  expect(late.__typename === 'LeaseLost', 'a write after the item was put back to be refused', late)
  sees(`they put them back; who writes late is refused: ${late.code}`)
  sees('everything was as it must be')
}

const messages = async (system: System, query: Record<string, string>): Promise<Data[]> =>
  ((await (await fetch(`${system.sandboxes.erx}/control/messages?${new URLSearchParams(query)}`)).json()) as { messages: Data[] }).messages

const claimNext = (pharmacist: GraphClient): Promise<Data> => until('an item to claim', async () => (await pharmacist.run('ClaimNextWorkItem', { input: { queue: 'VERIFICATION' } })).claimNextWorkItem)
const putBack = (pharmacist: GraphClient, { item, token }: Data): Promise<Data> => pharmacist.run('ReleaseWorkItem', { input: { workItemId: item.id, token } })

/** Puts back what an earlier play left in somebody's hands. */
async function emptyHands(pharmacist: GraphClient): Promise<void> {
  const { claimNextWorkItem: claim } = await pharmacist.run('ClaimNextWorkItem', { input: { queue: 'VERIFICATION' } })
  if (claim) await putBack(pharmacist, claim)
}

/** One order of one prescription, from the cart to the release. */
async function dispense(
  patient: GraphClient, { grace, nora }: { grace: GraphClient; nora: GraphClient }, prescriptionId: string, addressId: string,
  claimFill: () => Promise<{ workItemId: string; token: number; fillId: string }>,
): Promise<string> {
  const cart = await until('the prescription in the cart', async () => {
    const { addToCart } = await patient.run('AddToCart', { input: { prescriptionId } })
    return addToCart.__typename === 'CartPayload' && addToCart.cart
  })
  const input = { cartId: cart.id, addressId, paymentMethodId: 'pm_card_visa', idempotencyKey: randomUUID() }
  const placed = await until('the order to be placed', async () => {
    const { checkout } = await patient.run('Checkout', { input })
    return checkout.__typename === 'OrderPayload' && checkout.order
  })
  const { workItemId, token, fillId } = await claimFill()
  const { fill } = await grace.run('FillPage', { id: fillId })
  for (const lot of fill.lots) await grace.run('ScanFill', { input: { workItemId, token, barcode: `${lot.ndc} ${lot.lotNumber}` } })
  const { submitFill } = await grace.run('SubmitFill', { input: { workItemId, token } })
  expect(submitFill.__typename === 'FillPayload', 'the fill to go to the product check', submitFill)
  for (let checked = ''; checked !== fillId;) {
    // what others left at the check comes first
    const claim = await until('the product check', async () => (await nora.run('ClaimNextWorkItem', { input: { queue: 'PRODUCT_CHECK' } })).claimNextWorkItem)
    await nora.run('CheckFill', { input: { workItemId: claim.item.id, token: claim.token } })
    checked = claim.item.fill.id
  }
  const { releaseFill } = await nora.run('ReleaseFill', { input: { fillId } })
  expect(releaseFill.fill?.status === 'RELEASED', 'the release', releaseFill)
  return `order ${placed.number}, lot ${fill.lots.map(({ lotNumber }: Data) => lotNumber).join(', ')}`
}

/** A statement on the prescriptions' own database, past everything that guards it; answers how many rows it changed. */
async function sql(dataDir: string, text: string, values: unknown[]): Promise<number | null> {
  const password = readJsonFile<{ roles: Record<string, string> }>(join(dataDir, 'postgres', 'credentials.json'))?.roles['prescriptions']
  const own = `postgres://prescriptions:${password}@127.0.0.1:${configuredPorts(defaultPorts, process.env).postgres}/prescriptions`
  const client = new pg.Client({ connectionString: process.env[databaseSetting('prescriptions')] || own })
  await client.connect()
  try {
    return (await client.query(text, values)).rowCount
  } finally {
    await client.end()
  }
}
