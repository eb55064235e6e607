/**
 * `npm run demo -- live`: two pharmacists watch one queue and a patient watches her order on two devices, each over a
 * transport of its own, with the client libraries of the field. In the middle the gateway is killed. Nobody may miss a
 * message or get one twice.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWebSocketClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { demoData } from '@pharmagraph/platform/demo-data.ts'
import { GraphClient, type Data } from '@pharmagraph/sdk'
import { people } from '../identity/people.ts'
import { signIn, signUp } from '../identity/sign-in.ts'
import { control, expect, findDrug, until, type Narrator, type Practitioners, type System } from '../journey/journey.ts'
import { readJsonFile } from '../json-file.ts'
import { startMarkOf } from '../stack/process-table.ts'

const verificationQueue = `subscription LiveQueue($after: ID) {
  verificationQueue(after: $after) { cursor kind state item { id state prescription { id number } } }
}`
const myOrderChanged = 'subscription LiveOrders($after: ID) { myOrderChanged(after: $after) { cursor kind status order { id number } } }'

type Event = { cursor: string; kind: 'SNAPSHOT' | 'CHANGE' } & Record<string, Data>
type Request = { query: string; variables: { after?: string } }
type Listener = { next(event: Event): void; end(reason: string): void }
/** Opens one subscription; the returned function leaves it. */
type Transport = (system: System, token: string, request: Request, listener: Listener) => () => void

const firstField = (data: Data): Event => Object.values(data as Record<string, Event>)[0]!
/** What a client library said at the end, be it GraphQL errors, a close event or a network failure. */
const reasonOf = (error: unknown): string => {
  const [first] = Array.isArray(error) ? (error as { message: string; extensions?: { code?: string } }[]) : []
  const { code, message } = error as { code?: unknown; message?: string }
  return first ? `${first.extensions?.code ?? ''} ${first.message}` : (message ?? `closed with ${String(code)}`)
}

const overWebSocket: Transport = ({ wsUrl }, token, request, { next, end }) => {
  const client = createWebSocketClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { authorization: `Bearer ${token}` } })
  client.subscribe(request, {
    next: ({ data, errors }) => (data ? next(firstField(data)) : end(reasonOf(errors))),
    error: (error) => end(reasonOf(error)),
    complete: () => end('completed'),
  })
  return () => void client.dispose()
}

const overServerSentEvents: Transport = ({ gatewayUrl }, token, request, { next, end }) => {
  const client = createSseClient({ url: `${gatewayUrl}/stream`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 })
  client.subscribe(request, {
    next: ({ data, errors }) => (data ? next(firstField(data)) : end(reasonOf(errors))),
    error: (error) => end(reasonOf(error)),
    complete: () => end('completed'),
  })
  return () => client.dispose()
}

/** Apollo Client over multipart HTTP, as on a phone. */
const overMultipart: Transport = ({ gatewayUrl }, token, { query, variables }, { next, end }) => {
  const client = new ApolloClient({ link: new HttpLink({ uri: gatewayUrl, headers: { authorization: `Bearer ${token}` } }), cache: new InMemoryCache() })
  const subscription = client.subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache' }).subscribe({
    next: ({ data, error }) => (data ? next(firstField(data)) : end(reasonOf(error))),
    error: (error) => end(reasonOf(error)),
    complete: () => end('completed'),
  })
  return () => subscription.unsubscribe()
}

type Watcher = { readonly who: string; readonly events: Event[]; interruptions(): number; stop(): void }

/** Keeps a subscription: whenever it ends, for whatever reason, it is opened again after the last cursor. */
function watch(system: System, who: string, transport: Transport, token: string, query: string, after?: string, onEvent: (event: Event) => void = () => {}): Watcher {
  const events: Event[] = []
  let [stopped, interruptions] = [false, 0]
  let leave = (): void => {}
  const open = (): void => {
    if (stopped) return
    let [over, isOpen] = [false, false]
    const cursor = events.at(-1)?.cursor ?? after
    leave = transport(system, token, { query, variables: cursor === undefined ? {} : { after: cursor } }, {
      next(event) {
        if (over || stopped) return
        isOpen = true
        events.push(event)
        onEvent(event)
      },
      end() {
        if (over || stopped) return
        over = true
        if (isOpen) interruptions++
        leave()
        setTimeout(open, 200)
      },
    })
  }
  open()
  return { who, events, interruptions: () => interruptions, stop: () => ((stopped = true), leave()) }
}

const changes = ({ events }: Watcher): Event[] => events.filter(({ kind }) => kind === 'CHANGE')

export async function play(system: System & { dataDir: string }, { step, sees }: Narrator): Promise<void> {
  const watchers: Watcher[] = []
  const watching = (...given: Parameters<typeof watch>): Watcher => {
    const watcher = watch(...given)
    watchers.push(watcher)
    return watcher
  }
  try {
    await tell(system, { step, sees }, watching)
  } finally {
    for (const watcher of watchers) watcher.stop()
  }
}

async function tell(system: System & { dataDir: string }, { step, sees }: Narrator, watching: typeof watch): Promise<void> {
  const lena = { given: 'Lena', family: `Okafor${randomUUID().slice(0, 4)}`, dateOfBirth: `19${randomInt(50, 99)}-0${randomInt(1, 9)}-1${randomInt(0, 9)}`, phone: `415555${String(randomInt(0, 9999)).padStart(4, '0')}` }
  const email = `lena.${randomUUID().slice(0, 8)}@demo.pharmagraph.test`
  step('Lena, a patient', 'signs up, and opens her orders on the web page (graphql-ws) and on her phone (Apollo Client, multipart HTTP)')
  const { accessToken } = await signUp(system.issuer, { givenName: lena.given, familyName: lena.family, email, password: 'correct horse battery' })
  const patient = new GraphClient(system, 'web', accessToken)
  const { registerPatient } = await patient.run('RegisterPatient', { input: { ...lena, sex: 'FEMALE', email, consents: ['DISPENSING', 'NOTIFICATIONS'] } })
  expect(registerPatient.__typename === 'RegisterPatientPayload', 'the registration to be accepted', registerPatient)
  const { addAddress } = await patient.run('AddAddress', { input: { recipient: 'Lena Okafor', line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } })
  expect(addAddress.__typename === 'AddressPayload', 'the address to be deliverable', addAddress)
  let killed: Promise<number> | undefined
  const web = watching(system, 'Lena’s web page', overWebSocket, accessToken, myOrderChanged)
  const phone = watching(system, 'Lena’s phone', overMultipart, accessToken, myOrderChanged, undefined, ({ kind, status }) => {
    // the moment the first status is on her screen
    if (kind === 'CHANGE' && status === 'RX_CHECKED') killed ??= killGateway(system.dataDir)
  })

  step('Dr. Nora Patel and Dr. Ken Ito, pharmacists', 'open the verification queue, she over graphql-ws, he over server-sent events (graphql-sse)')
  const staffToken = async (person: typeof people.nora): Promise<string> => (await signIn(system.issuer, person, { clientId: 'staff' })).accessToken
  const nora = watching(system, 'Nora’s screen', overWebSocket, await staffToken(people.nora), verificationQueue)
  const ken = watching(system, 'Ken’s screen', overServerSentEvents, await staffToken(people.ken), verificationQueue)
  const all = [web, phone, nora, ken]
  await until('the first state on all four screens', () => all.every(({ events }) => events.length > 0))
  sees('all four have the present state, and a cursor from which to go on')

  const { practitioners } = demoData<Practitioners>('people.json')
  const doctor = practitioners.find(({ id }) => id === people.elena.practitionerId)
  expect(doctor, 'Dr. Petrova among the demo practitioners')
  const drug = await findDrug(patient, 'sertraline 50', /sertraline/i, '50 mg')
  const count = 3
  const numbersOf = (watcher: Watcher, state: string): Set<string> => new Set(changes(watcher).filter((event) => event.state === state && mine.has(event['item']?.prescription?.id)).map(({ item }) => item.id))
  const mine = new Set<string>()

  step('Dr. Petrova', `prescribes ${count} times for Lena`)
  for (let number = 0; number < count; number++) {
    await control(system.sandboxes.erx, '/control/send-newrx', {
      patient: { firstName: lena.given, lastName: lena.family, dateOfBirth: lena.dateOfBirth, gender: 'F', phone: lena.phone, email, address: { line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } },
      prescriber: { firstName: doctor.givenName, lastName: doctor.familyName, npi: doctor.npi, dea: doctor.dea, phone: doctor.phone, address: doctor.address },
      drug: { description: `${drug.name} ${drug.strength}`, ndc: drug.ndc11.replaceAll('-', '') },
      quantity: 30, daysSupply: 30, refills: 2, sig: `Take ${number + 1} tablet by mouth every morning`, writtenDate: new Date().toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' }),
    })
  }
  await until('the prescriptions in Lena’s list', async () => {
    const { me } = await patient.run('MyPrescriptions', { filter: 'ALL', first: 10 })
    for (const { id } of me.prescriptions.nodes as Data[]) mine.add(id)
    return mine.size === count
  })
  await until('all on both queues', () => [nora, ken].every((watcher) => numbersOf(watcher, 'AVAILABLE').size === count))
  sees(`${count} items appear on both queues`)

  step('Lena', 'orders; at the first change on her phone the gateway is killed (kill -9), while the order goes on behind it')
  const { drugs } = await patient.run('SearchDrugs', { search: 'acetaminophen', first: 20 })
  const shelf = drugs.nodes.find((node: Data) => !node.rxOnly && node.availability?.status === 'IN_STOCK')
  expect(shelf, 'acetaminophen over the counter in stock')
  const { addToCart } = await patient.run('AddToCart', { input: { drugId: shelf.id, packages: 1 } })
  expect(addToCart.__typename === 'CartPayload', 'the drug in the cart', addToCart)
  const input = { cartId: addToCart.cart.id, addressId: addAddress.address.id, paymentMethodId: 'pm_card_visa', idempotencyKey: randomUUID() }
  // the answer may be cut off by the kill: the key makes the repeat harmless
  const order = await until('the order to be placed', async () => {
    const { checkout } = await patient.run('Checkout', { input })
    // on a stack that has just started, orders may still be reading what came before the address
    if (checkout.code === 'ADDRESS_NOT_KNOWN') return undefined
    expect(checkout.__typename === 'OrderPayload', 'the checkout to be accepted', checkout)
    return checkout.order as Data
  })
  const pid = await until('the first change on the phone', () => killed)
  const killedAt = Date.now()
  sees(`process ${pid} is gone; all four connections with it`)
  await until('the supervisor to start it again', async () => (await fetch(new URL('/ready', system.gatewayUrl))).ok)
  sees(`the supervisor started it again: it serves after ${((Date.now() - killedAt) / 1000).toFixed(1)} s`)
  const wanted = ['CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'RELEASED', 'PAYMENT_CAPTURED']
  await until('the order paid on both of Lena’s devices', () => [web, phone].every(({ events }) => events.some(({ status }) => status === 'PAYMENT_CAPTURED')))
  for (const watcher of [web, phone]) {
    const statuses = changes(watcher).map(({ status }) => status as string)
    expect(JSON.stringify(statuses) === JSON.stringify(wanted), `${watcher.who} to show each status of ${order.number} once, in order`, statuses)
    sees(`${watcher.who}: ${statuses.join(' → ')}`)
  }

  step('Dr. Grace Kim, pharmacist in charge', 'takes the three items and turns them down; both queues follow through the new gateway')
  const grace = new GraphClient(system, 'staff', (await signIn(system.issuer, people.grace, { clientId: 'staff' })).accessToken)
  const delays: number[] = []
  for (const workItemId of numbersOf(nora, 'AVAILABLE')) {
    const { claimWorkItem } = await grace.run('ClaimWorkItem', { input: { workItemId } })
    const claimedAt = Date.now()
    await until('her claim on both queues', () => [nora, ken].every((watcher) => numbersOf(watcher, 'CLAIMED').has(workItemId)))
    delays.push(Date.now() - claimedAt)
    const { rejectPrescription } = await grace.run('RejectPrescription', { input: { workItemId, token: claimWorkItem.token, reasonCode: 'DUPLICATE', text: 'Written three times for this demo.' } })
    expect(rejectPrescription.__typename === 'PrescriptionPayload', 'the rejection to be accepted', rejectPrescription)
  }
  expect(Math.min(...delays) < 1000, 'her claims to be on the screens of the others within a second', delays)
  sees(`each claim of hers is on both of the others’ screens after ${delays.map((ms) => `${ms} ms`).join(', ')}`)
  await until('all done on both queues', () => [nora, ken].every((watcher) => numbersOf(watcher, 'DONE').size === count))
  for (const watcher of [nora, ken]) sees(`${watcher.who}: ${changes(watcher).map(({ state }) => state).join(' ')}`)

  step('A fifth client', 'asks for everything since the first cursors, and compares it with what each screen got')
  for (const [watcher, token, query] of [[web, accessToken, myOrderChanged], [phone, accessToken, myOrderChanged], [nora, await staffToken(people.nora), verificationQueue], [ken, await staffToken(people.nora), verificationQueue]] as const) {
    const got = changes(watcher).map(({ cursor }) => cursor)
    const truth = watching(system, 'replay', overWebSocket, token, query, watcher.events[0]!.cursor)
    await until(`the replay for ${watcher.who}`, () => truth.events.some(({ cursor }) => cursor === got.at(-1)))
    truth.stop()
    const there = changes(truth).map(({ cursor }) => cursor).slice(0, got.length)
    expect(watcher.interruptions() > 0, `${watcher.who} to have lost its connection`)
    expect(JSON.stringify(got) === JSON.stringify(there), `${watcher.who} to have got every message once, in order`, { got: got.length, there: there.length })
    sees(`${watcher.who}: ${got.length} messages, none lost, none twice, in order, over ${watcher.interruptions()} broken connection${watcher.interruptions() === 1 ? '' : 's'}`)
  }
}

/** Ends the gateway's process as an accident would; resolves with its id. */
async function killGateway(dataDir: string): Promise<number> {
  const processes = readJsonFile<Record<string, { pid: number; startMark: string | undefined }>>(join(dataDir, 'processes.json')) ?? {}
  const { gateway } = processes
  expect(gateway && startMarkOf(gateway.pid) === gateway.startMark, `the gateway among the processes of the stack in ${dataDir}`)
  process.kill(gateway.pid, 'SIGKILL')
  return gateway.pid
}
