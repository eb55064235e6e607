/**
 * One order from prescription to doorstep, played through the public gateway by everybody it takes: patient,
 * prescribers' systems, pharmacists, technician, driver, auditor. Each step says what its actor sees and stops the play
 * at the first thing that is not as it must be.
 */
import { createHash, randomInt, randomUUID } from 'node:crypto'
import { people, type Person } from '../identity/people.ts'
import { signIn, signUp, type SignedIn } from '../identity/sign-in.ts'
import { demoData } from '@pharmagraph/platform/demo-data.ts'
import { GraphClient, type Data, type Live } from '@pharmagraph/sdk'

export type System = {
  gatewayUrl: string
  wsUrl: string
  issuer: string
  sandboxes: Record<'stripe' | 'erx' | 'carrier' | 'mail', string>
}

/** Called before each step with who acts and what they do, and with every line of what they see. */
export type Narrator = { step(actor: string, does: string): void; sees(text: string): void }
export const silent: Narrator = { step: () => {}, sees: () => {} }

/** Called between the steps by their name, for tests that break things in between. */
export type Interruption = (afterStep: StepName) => Promise<void>
export const stepNames = [
  'registered', 'sent', 'queued', 'reviewed', 'verified', 'found', 'ordered', 'paid', 'filled', 'released', 'assigned', 'under way', 'delivered', 'told', 'audited',
] as const
export type StepName = (typeof stepNames)[number]

export type JourneyResult = {
  orderId: string
  patientId: string
  prescriptionIds: string[]
  paymentIntentId: string
  totalMinor: number
  statusesPushed: string[]
  auditEntries: number
}

export class Deviation extends Error {}
export function expect(condition: unknown, sentence: string, got?: unknown): asserts condition {
  if (!condition) throw new Deviation(`expected ${sentence}${got === undefined ? '' : `; got ${JSON.stringify(got)}`}`)
}

const deadlineMs = 60_000
export async function until<T>(what: string, read: () => Promise<T | undefined | false | null> | T | undefined | false | null, within = deadlineMs): Promise<T> {
  const end = Date.now() + within
  let trouble: unknown
  while (Date.now() < end) {
    try {
      const value = await read()
      if (value) return value
      trouble = undefined
    } catch (error) {
      if (error instanceof Deviation) throw error
      trouble = error
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Deviation(`waited ${within / 1000} s in vain: ${what}${trouble instanceof Error ? ` (${trouble.message})` : ''}`)
}

export const expectedStatuses = [
  'CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED',
]

export type Practitioners = { practitioners: { id: string; givenName: string; familyName: string; npi: string; dea: string; phone: string; address: { line1: string; city: string; state: string; postalCode: string } }[] }

export async function playJourney(system: System, narrator: Narrator = silent, interrupt: Interruption = async () => {}): Promise<JourneyResult> {
  const lives: Live[] = []
  const live = (client: GraphClient, name: string, variables?: Record<string, unknown>): Live => {
    const subscription = client.live(name, variables)
    lives.push(subscription)
    return subscription
  }
  try {
    return await play(system, narrator, interrupt, live)
  } finally {
    for (const subscription of lives) subscription.stop()
  }
}

async function play(system: System, { step, sees }: Narrator, interrupt: Interruption, live: (client: GraphClient, name: string, variables?: Record<string, unknown>) => Live): Promise<JourneyResult> {
  const staff = async (person: Person, options: { otp?: boolean } = {}): Promise<{ session: SignedIn; graph: GraphClient }> => {
    const session = await signIn(system.issuer, person, { clientId: 'staff', ...options })
    return { session, graph: new GraphClient(system, 'staff', session.accessToken) }
  }
  /** Repeats an operation while a part of the system restarts; every mutation of the journey may be repeated. */
  const patiently = <T>(what: string, act: () => Promise<T>): Promise<T> => until(what, async () => ({ value: await act() })).then(({ value }) => value)

  const maya = { given: 'Maya', family: 'Lindqvist', dateOfBirth: `19${randomInt(50, 99)}-0${randomInt(1, 9)}-1${randomInt(0, 9)}`, phone: `415555${String(randomInt(0, 9999)).padStart(4, '0')}` }
  const email = `maya.${randomUUID().slice(0, 8)}@demo.pharmagraph.test`
  step('Maya, a patient', 'signs up at the identity provider, registers with the pharmacy and consents')
  const mayaSession = await signUp(system.issuer, { givenName: maya.given, familyName: maya.family, email, password: 'correct horse battery' })
  const patient = new GraphClient(system, 'web', mayaSession.accessToken)
  const { registerPatient } = await patiently('registration', () =>
    patient.run('RegisterPatient', { input: { ...maya, sex: 'FEMALE', email, consents: ['DISPENSING', 'NOTIFICATIONS'] } }))
  expect(registerPatient.__typename === 'RegisterPatientPayload', 'the registration to be accepted', registerPatient)
  const patientId: string = registerPatient.patient.id
  sees(`registered as ${registerPatient.patient.name.full}; consents: ${registerPatient.patient.consents.map(({ purpose }: Data) => purpose).join(', ')}`)
  const { addAddress } = await patiently('address', () =>
    patient.run('AddAddress', { input: { recipient: 'Maya Lindqvist', line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } }))
  expect(addAddress.__typename === 'AddressPayload', 'the address to be deliverable', addAddress)
  sees(`address checked: ${addAddress.address.line1}, ${addAddress.address.city} (${addAddress.address.deliverability})`)
  await interrupt('registered')

  const { practitioners } = demoData<Practitioners>('people.json')
  const doctor = practitioners.find(({ id }) => id === people.elena.practitionerId)
  expect(doctor, 'Dr. Petrova among the demo practitioners')
  const drugs = await patiently('drug search', async () => ({
    sertraline: await findDrug(patient, 'sertraline 50', /sertraline/i, '50 mg'),
    tramadol: await findDrug(patient, 'tramadol', /tramadol/i, '50 mg'),
  }))
  const nora = await staff(people.nora)
  const queue = live(nora.graph, 'VerificationQueue')
  await until('the verification queue to open', () => queue.events.length > 0 || (queue.closedBecause() ? Promise.reject(new Deviation(`queue closed: ${queue.closedBecause()}`)) : false))
  sees(`Dr. Nora Patel, pharmacist, watches the live verification queue: ${queue.events[0]!['queue'].depth} items wait`)

  step('Dr. Petrova', 'prescribes sertraline through her EHR (FHIR R4) and tramadol, a controlled substance, through the e-prescribing network (NCPDP SCRIPT)')
  const order = (drug: Data, more: object) => ({
    patient: { firstName: maya.given, lastName: maya.family, dateOfBirth: maya.dateOfBirth, gender: 'F', phone: maya.phone, email,
      address: { line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } },
    prescriber: { firstName: doctor.givenName, lastName: doctor.familyName, npi: doctor.npi, dea: doctor.dea, phone: doctor.phone, address: doctor.address },
    drug: { description: `${drug.name} ${drug.strength}`, ndc: drug.ndc11.replaceAll('-', ''), ...(drug.deaSchedule === 'NONE' ? {} : { deaSchedule: drug.deaSchedule }) },
    quantity: 30, daysSupply: 30, refills: 2, writtenDate: new Date().toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' }), ...more,
  })
  await control(system.sandboxes.erx, '/control/send-fhir', order(drugs.sertraline, { sig: 'Take 1 tablet by mouth every morning' }))
  await control(system.sandboxes.erx, '/control/send-newrx', order(drugs.tramadol, { sig: 'Take 1 tablet by mouth every 6 hours as needed for pain', daysSupply: 8, refills: 0 }))
  await interrupt('sent')
  const mine = await until('both prescriptions in Maya’s list, in clinical review', async () => {
    const { me } = await patient.run('MyPrescriptions', { filter: 'ALL', first: 10 })
    const nodes: Data[] = me.prescriptions.nodes
    return nodes.length === 2 && nodes.every(({ status }) => status === 'CLINICAL_REVIEW') && nodes
  })
  sees(`Maya sees both: ${mine.map(({ number, status }: Data) => `${number} ${status}`).join(', ')}`)
  const prescriptionIds: string[] = mine.map(({ id }: Data) => id)
  await until('both on the live queue', () => prescriptionIds.every((id) => queue.events.some(({ item, state }) => item?.prescription?.id === id && state === 'AVAILABLE')))
  sees('both appear on the pharmacist’s live queue')
  await interrupt('queued')

  step('Dr. Nora Patel, pharmacist', 'claims the prescriptions under a lease, reads the interaction screen, and verifies with a fresh second factor')
  let steppedUp = false
  const verified = new Set<string>()
  while (verified.size < 2) {
    const claim = await until('the next item of the queue', async () => {
      const { claimNextWorkItem } = await nora.graph.run('ClaimNextWorkItem', { input: { queue: 'VERIFICATION' } })
      return claimNextWorkItem as Data
    })
    const held = { workItemId: claim.item.id as string, token: claim.token as number }
    const prescriptionId: string = claim.item.prescription.id
    await until('the claim on the live queue', () => queue.events.some(({ item, state }) => item?.id === held.workItemId && state === 'CLAIMED'))
    const { prescription } = await patiently('the review', () => nora.graph.run('ReviewPrescription', { id: prescriptionId }))
    if (prescription.drug) sees(`claimed ${prescription.number}: ${prescription.drug.name} ${prescription.drug.strength}, ${prescription.quantity} for ${prescription.daysSupply} days, schedule ${prescription.deaSchedule}; lease until ${claim.leaseUntil}`)
    for (const alert of prescription.alerts.filter(({ open }: Data) => open)) {
      sees(`ALERT ${alert.severity} ${alert.kind}: ${alert.message} [${alert.evidence}, knowledge ${alert.knowledgeVersion}]`)
      const { overrideAlert } = await patiently('the override', () => nora.graph.run('OverrideAlert', {
        input: { ...held, alertId: alert.id, professionalService: 'M0', result: '1G', text: 'Called the prescriber: short course, lowest dose, patient told what to watch for.' },
      }))
      expect(overrideAlert.__typename === 'PrescriptionPayload', 'the override to be recorded', overrideAlert)
    }
    let outcome = (await patiently('the verification', () => nora.graph.run('VerifyPrescription', { input: held }))).verifyPrescription
    if (outcome.__typename === 'StepUpRequired') {
      sees(`the graph asks for the second factor: ${outcome.message}`)
      nora.graph.token = (await nora.session.stepUp()).accessToken
      steppedUp = true
      sees('she enters her code at the identity provider and repeats')
      outcome = (await patiently('the verification', () => nora.graph.run('VerifyPrescription', { input: held }))).verifyPrescription
    }
    expect(outcome.__typename === 'PrescriptionPayload' || outcome.__typename === 'TransitionRefused', 'the verification to be accepted', outcome)
    if (prescriptionIds.includes(prescriptionId)) verified.add(prescriptionId)
    sees(`verified ${prescription.number}`)
    await interrupt('reviewed')
  }
  expect(steppedUp, 'the second factor to have been asked for')
  await until('Maya’s prescriptions verified', async () => {
    const { me } = await patient.run('MyPrescriptions', { filter: 'ALL', first: 10 })
    return me.prescriptions.nodes.every(({ status }: Data) => status === 'VERIFIED')
  })
  await interrupt('verified')

  step('Maya', 'searches the drugs, sees price, stock and interactions, and checks out')
  const { drug } = await patiently('the drug page', () => patient.run('DrugPage', { id: drugs.tramadol.id }))
  sees(`${drug.name} ${drug.strength}: $${(drug.price.perPackage.amountMinor / 100).toFixed(2)} per ${drug.packageSize}, ${drug.availability.status}, ${drug.interactions.length} known interactions`)
  const myOrders = live(patient, 'MyOrderChanged')
  await until('the order subscription to open', () => myOrders.events.length > 0)
  let cart: Data
  for (const prescriptionId of prescriptionIds) {
    cart = await until('the prescription in the cart', async () => {
      const { addToCart } = await patient.run('AddToCart', { input: { prescriptionId } })
      return addToCart.__typename === 'CartPayload' && addToCart.cart
    })
  }
  expect(cart.lines.length === 2, 'two lines in the cart', cart)
  await interrupt('found')
  const checkoutInput = { cartId: cart.id, addressId: addAddress.address.id, paymentMethodId: 'pm_card_visa', idempotencyKey: randomUUID() }
  const placed = await until('the order to be placed', async () => {
    const { checkout } = await patient.run('Checkout', { input: checkoutInput })
    expect(checkout.__typename !== 'InvalidInput', 'the checkout input to be fine', checkout)
    return checkout.__typename === 'OrderPayload' && checkout.order
  })
  const orderId: string = placed.id
  sees(`order ${placed.number}, total $${(placed.totalAmount.amountMinor / 100).toFixed(2)}`)
  await interrupt('ordered')
  const awaiting = await until('stock held by lot and the payment authorised', async () => {
    const { order: current } = await patient.run('OrderPage', { id: orderId })
    expect(!['REJECTED', 'BACKORDERED', 'CANCELLED', 'EXPIRED'].includes(current.status), 'the order to go on', { status: current.status, why: current.statusReason })
    return current.status === 'AWAITING_PHARMACIST' && current
  })
  expect(awaiting.payment.status === 'AUTHORIZED', 'the payment to be authorised and not captured', awaiting.payment)
  sees(`stock is held, the card authorised for $${(awaiting.payment.amount.amountMinor / 100).toFixed(2)}, nothing captured yet`)
  await interrupt('paid')

  step('Tom, technician', 'fills by scanning the lots that were held, first-expiring first')
  const tom = await staff(people.tom)
  const fillIds = new Set<string>()
  while (fillIds.size < 2) {
    const claim = await until('a fill to work on', async () => (await tom.graph.run('ClaimNextWorkItem', { input: { queue: 'FILL' } })).claimNextWorkItem as Data)
    const held = { workItemId: claim.item.id, token: claim.token }
    const { fill } = await patiently('the fill', () => tom.graph.run('FillPage', { id: claim.item.fill.id }))
    for (const lot of fill.lots) {
      const { scanFill } = await patiently('the scan', () => tom.graph.run('ScanFill', { input: { ...held, barcode: `${lot.ndc} ${lot.lotNumber}` } }))
      expect(scanFill.__typename === 'FillPayload', 'the scan to match the held lot', scanFill)
      sees(`scanned ${lot.quantity} × ${fill.prescription.drug?.name ?? lot.ndc}, lot ${lot.lotNumber}, expires ${lot.expiryDate}`)
    }
    const { submitFill } = await patiently('the submission', () => tom.graph.run('SubmitFill', { input: held }))
    expect(['FillPayload', 'TransitionRefused'].includes(submitFill.__typename), 'the fill to go to the product check', submitFill)
    if (fill.order?.id === orderId) fillIds.add(fill.id)
  }
  await interrupt('filled')

  step('Dr. Ken Ito, pharmacist', 'checks product against prescription and releases; the payment is captured')
  const ken = await staff(people.ken, { otp: true })
  const releasedFills = new Set<string>()
  while (releasedFills.size < 2) {
    const claim = await until('a product check', async () => (await ken.graph.run('ClaimNextWorkItem', { input: { queue: 'PRODUCT_CHECK' } })).claimNextWorkItem as Data)
    const held = { workItemId: claim.item.id, token: claim.token }
    const { checkFill } = await patiently('the product check', () => ken.graph.run('CheckFill', { input: held }))
    expect(['FillPayload', 'TransitionRefused'].includes(checkFill.__typename), 'the product check to pass', checkFill)
    const { releaseFill } = await patiently('the release', () => ken.graph.run('ReleaseFill', { input: { fillId: claim.item.fill.id } }))
    expect(['FillPayload', 'TransitionRefused'].includes(releaseFill.__typename), 'the release', releaseFill)
    if (fillIds.has(claim.item.fill.id)) releasedFills.add(claim.item.fill.id)
    sees(`checked and released fill ${claim.item.fill.id.slice(-6)}`)
  }
  const captured = await until('the payment captured', async () => {
    const { order: current } = await patient.run('OrderPage', { id: orderId })
    return current.payment.status === 'CAPTURED' && current
  })
  expect(captured.payment.capturedAmount.amountMinor === placed.totalAmount.amountMinor, 'exactly the total to be captured', captured.payment)
  sees(`captured $${(captured.payment.capturedAmount.amountMinor / 100).toFixed(2)}`)
  await interrupt('released')

  step('The driver', 'gets the parcel on a planned route, picks up, drives, and takes proof of delivery')
  const shipment = await until('a route and a driver', async () => {
    const { order: current } = await patient.run('OrderPage', { id: orderId })
    return current.shipment?.driver && current.shipment
  })
  sees(`parcel ${shipment.trackingNumber} goes with ${shipment.driver.displayName}, expected ${shipment.estimatedDelivery}; adult signature: ${shipment.requirements.adultSignature}`)
  const driverPerson = Object.values(people).find((person) => 'driverId' in person && person.driverId === shipment.driver.id)
  expect(driverPerson, 'the driver to be one of ours', shipment.driver)
  const driver = await staff(driverPerson)
  const tracking = live(patient, 'ShipmentChanged', { shipmentId: shipment.id })
  await until('the shipment subscription to open', () => tracking.events.length > 0)
  await interrupt('assigned')
  /** Takes over and drives off with every parcel of the driver's route; returns the stops still to be made. */
  const setOut = async (): Promise<{ routeId: string; stops: Data[] }> => {
    const { myRoute } = await driver.graph.run('MyRoute')
    const stops: Data[] = myRoute.stops.filter(({ done }: Data) => !done)
    for (const stop of stops) {
      const { pickUpShipment } = await driver.graph.run('PickUpShipment', { input: { shipmentId: stop.shipment.id, scannedLabel: stop.shipment.trackingNumber } })
      expect(['ShipmentPayload', 'TransitionRefused'].includes(pickUpShipment.__typename), 'the parcel to be handed over', pickUpShipment)
    }
    const { startRoute } = await driver.graph.run('StartRoute', { input: { routeId: myRoute.id } })
    expect(['RoutePayload', 'TransitionRefused'].includes(startRoute.__typename), 'the route to start', startRoute)
    return { routeId: myRoute.id, stops }
  }
  const proofAt = (place: { latitude: number; longitude: number }, about: string) => ({
    kind: 'SIGNATURE', receivedBy: 'Maya Lindqvist', idChecked: true, latitude: place.latitude, longitude: place.longitude,
    evidenceHash: createHash('sha256').update(`signature of ${about}`).digest('hex'),
  })
  let tour = await patiently('the departure', setOut)
  // parcels left from an earlier day come first
  while (!tour.stops.some((stop) => stop.shipment.id === shipment.id)) {
    for (const stop of tour.stops) await patiently('an earlier stop', () => driver.graph.run('RecordDelivery', { input: { shipmentId: stop.shipment.id, ...proofAt(stop.shipment.destination.location, stop.shipment.id) } }))
    tour = await patiently('the next departure', setOut)
  }
  await interrupt('under way')
  const target = { latitude: shipment.destination.location.latitude as number, longitude: shipment.destination.location.longitude as number }
  for (const away of [0.02, 0.008, 0.0004]) {
    const at = new Date().toISOString()
    await patiently('a position', () => driver.graph.run('RecordPosition', { input: { routeId: tour.routeId, latitude: target.latitude + away, longitude: target.longitude - away, speedKmh: 28, at } }))
    await until('the move on Maya’s map', async () => {
      const { order: current } = await patient.run('OrderPage', { id: orderId })
      return current.shipment.position && Math.abs(current.shipment.position.location.latitude - (target.latitude + away)) < 1e-6
    })
  }
  sees('Maya follows the parcel on the map')
  const { recordDelivery } = await patiently('the delivery', () => driver.graph.run('RecordDelivery', { input: { shipmentId: shipment.id, ...proofAt(target, orderId) } }))
  expect(['ShipmentPayload', 'TransitionRefused'].includes(recordDelivery.__typename), 'the proof of delivery to be enough', recordDelivery)
  for (const stop of tour.stops.filter((other) => other.shipment.id !== shipment.id)) {
    await patiently('the other stops', () => driver.graph.run('RecordDelivery', { input: { shipmentId: stop.shipment.id, ...proofAt(stop.shipment.destination.location, stop.shipment.id) } }))
  }
  await until('the order delivered', async () => (await patient.run('OrderPage', { id: orderId })).order.status === 'DELIVERED')
  sees('delivered, signed for, ID checked')
  await interrupt('delivered')

  step('Maya', 'has received every status of her order on one subscription, in order')
  const pushed = (): string[] => myOrders.events.filter(({ kind, order: about }) => kind === 'CHANGE' && about?.id === orderId).map(({ status }) => status as string)
  await until(`all statuses pushed; so far ${pushed().join(' ')}`, () => pushed().includes('DELIVERED'))
  expect(JSON.stringify(pushed()) === JSON.stringify(expectedStatuses), `the statuses ${expectedStatuses.join(' → ')}, each once and in order`, pushed())
  sees(pushed().join(' → '))
  expect(tracking.events.some(({ status }) => status === 'DELIVERED') || await until('DELIVERED on the shipment subscription', () => tracking.events.some(({ status }) => status === 'DELIVERED')), 'the shipment subscription to end in DELIVERED')
  const letters = await until('a message in Maya’s inbox', async () => {
    const response = await fetch(`${system.sandboxes.mail}/messages.json?to=${encodeURIComponent(email)}`)
    const found = (await response.json()) as { messages?: Data[] } | Data[]
    const list = Array.isArray(found) ? found : (found.messages ?? [])
    return list.length > 0 && list
  })
  expect(letters.every((letter: Data) => !/tramadol|sertraline/i.test(JSON.stringify(letter))), 'no drug name in any message')
  sees(`${letters.length} messages in her inbox, none with health information`)
  await interrupt('told')

  step('Carl, compliance', 'reads the audit trail of the order and verifies the hash chain')
  const carl = await staff(people.carl)
  const trail = await until('the trail to reach the delivery', async () => {
    const { auditTrail } = await carl.graph.run('AuditTrail', { filter: { subjectId: orderId }, first: 200 })
    const nodes: Data[] = auditTrail.nodes
    return nodes.some(({ type, data }) => type === 'orders.order-status-changed.v1' && data.to === 'DELIVERED') && nodes
  })
  const statusesInTrail = trail.filter(({ type }: Data) => type === 'orders.order-status-changed.v1').map(({ data }: Data) => data.to)
  for (const status of expectedStatuses) expect(statusesInTrail.filter((entry: string) => entry === status).length === 1, `${status} exactly once in the audit trail`, statusesInTrail)
  const { verifyAuditChain } = await carl.graph.run('VerifyAuditChain')
  expect(verifyAuditChain.valid, 'the audit chain to verify', verifyAuditChain)
  sees(`${trail.length} entries about this order; chain of ${verifyAuditChain.entriesChecked} entries verifies, head ${verifyAuditChain.headHash.slice(0, 16)}…`)
  await interrupt('audited')

  const intents = (await (await fetch(`${system.sandboxes.stripe}/v1/payment_intents?limit=100`, { headers: { authorization: 'Bearer sk_test_local' } })).json()) as { data: Data[] }
  const ours = intents.data.filter(({ metadata }) => metadata?.orderId === orderId)
  expect(ours.length === 1 && ours[0].status === 'succeeded' && ours[0].amount_received === placed.totalAmount.amountMinor, 'one PaymentIntent, captured once', ours)
  return { orderId, patientId, prescriptionIds, paymentIntentId: ours[0].id, totalMinor: placed.totalAmount.amountMinor, statusesPushed: pushed(), auditEntries: trail.length }
}

export async function findDrug(client: GraphClient, search: string, name: RegExp, strength: string): Promise<Data> {
  const { drugs } = await client.run('SearchDrugs', { search, first: 10 })
  const found = drugs.nodes.find((node: Data) => name.test(node.genericName) && node.strength === strength)
  expect(found, `${search} in the catalog`, drugs.nodes.map((node: Data) => `${node.name} ${node.strength}`))
  const { drug } = await client.run('DrugPage', { id: found.id })
  return { ...found, ndc11: drug.ndc11 }
}

/** Tells a sandbox to do something, as the outside world would by itself. */
export async function control(base: string, path: string, body: object): Promise<Data> {
  const response = await fetch(base + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await response.json().catch(() => undefined)
  expect(response.ok, `${path} to be accepted by the sandbox`, answer)
  return answer
}
