/**
 * `npm run demo -- commerce`: the last box fought over by 200 buyers, a decline and a 3-D Secure success, an order filled in
 * part with a refund, a recall traced to three patients, and orders whose service is killed at each step. It leaves the
 * shelves as it found them, so that it can be played again.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { GraphClient, type Data } from '@pharmagraph/sdk'
import { demoData } from '@pharmagraph/platform/demo-data.ts'
import { people, type Person } from '../identity/people.ts'
import { signIn, signUp } from '../identity/sign-in.ts'
import { expect, until, type Narrator, type System } from '../journey/journey.ts'
import { readJsonFile } from '../json-file.ts'
import { startMarkOf } from '../stack/process-table.ts'

type Stage = System & { dataDir: string }
type Drug = { id: string; ndc: string; name: string; packageSize: number; rxOnly: boolean }
type Buyer = { graph: GraphClient; patientId: string; addressId: string; name: string }

const buyers = Number(process.env['DEMO_BUYERS'] ?? 200)
const dollars = (minor: number): string => `$${(minor / 100).toFixed(2)}`

const formulary = demoData<{ drugs: Drug[] }>('formulary.json').drugs
const overTheCounter = (ndc: string): Drug => {
  const drug = formulary.find((one) => one.ndc === ndc && !one.rxOnly)
  expect(drug, `${ndc} among the demo's over-the-counter drugs`)
  return drug
}
/** The box everybody wants, the one that is always there, and the one that will be recalled. */
const [wanted, plenty, faulty] = [overTheCounter('0023-0798-15'), overTheCounter('0536-1327-01'), overTheCounter('55111-699-90')]

export async function play(system: Stage, narrator: Narrator): Promise<void> {
  const staff = async (person: Person): Promise<GraphClient> => new GraphClient(system, 'staff', (await signIn(system.issuer, person, { clientId: 'staff' })).accessToken)
  const [ivan, sue, nora] = [await staff(people.ivan), await staff(people.sue), await staff(people.nora)]
  const shelves = keeperOf(ivan)
  try {
    await lastBox(system, narrator, shelves)
    await declineThenChallenge(system, narrator)
    await partWithRefund(system, narrator, shelves, sue)
    await recall(system, narrator, shelves, ivan, nora)
    await killedAtEachStep(system, narrator)
  } finally {
    await shelves.restore()
  }
}


async function lastBox(system: Stage, { step, sees }: Narrator, shelves: Keeper): Promise<void> {
  step('Ivan, inventory', `takes every lot of ${wanted.name} off sale and receives one single box`)
  await shelves.only(wanted, wanted.packageSize)
  step(`${buyers} buyers`, `sign up and order that box, all at once`)
  const crowd: Buyer[] = []
  await inParallel(8, buyers, async (index) => void crowd.push(await newBuyer(system, `Buyer ${letters(index)}`)))
  const orders = await Promise.all(crowd.map(async (buyer) => ({ buyer, order: await buy(buyer, [wanted]) })))
  const ended = await Promise.all(orders.map(async ({ buyer, order }) => ({
    buyer, order: await until('the order to be held or back-ordered', async () => {
      const { order: current } = await buyer.graph.run('OrderPage', { id: order.id })
      return ['BACKORDERED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED'].includes(current.status) && current
    }, 180_000),
  })))
  const won = ended.filter(({ order }) => order.status !== 'BACKORDERED')
  expect(won.length === 1, 'exactly one buyer to get the box', won.length)
  const lost = ended.filter(({ order }) => order.status === 'BACKORDERED')
  expect(lost.every(({ order }) => order.statusReason.code === 'INSUFFICIENT_STOCK' && order.payment.capturedAmount.amountMinor === 0), 'every other to be told what is short, and charged nothing')
  sees(`${won[0]!.buyer.name} got it and paid ${dollars(won[0]!.order.payment.capturedAmount.amountMinor)}; ${lost.length} were told: “${lost[0]!.order.statusReason.message}”`)
  await inParallel(8, lost.length, async (index) => {
    const { buyer, order } = lost[index]!
    const { cancelOrder } = await buyer.graph.run('CancelOrder', { input: { orderId: order.id } })
    expect(cancelOrder.__typename === 'OrderPayload', 'the cancellation to be accepted', cancelOrder)
  })
  await shelves.restore()
}

async function declineThenChallenge(system: Stage, { step, sees }: Narrator): Promise<void> {
  step('Olga', `orders ${plenty.name} with a card that is declined`)
  const olga = await newBuyer(system, 'Olga Marin')
  const placed = await buy(olga, [plenty], 'pm_card_chargeDeclined')
  const declined = await orderWhen(olga, placed.id, 'the decline', ({ statusReason }) => statusReason?.code === 'PAYMENT_DECLINED')
  sees(`${declined.statusReason.message} (${declined.payment.failure.code}); the box stays set aside`)
  step('Olga', 'pays with another card, whose bank asks for 3-D Secure')
  const { payOrder } = await olga.graph.run('PayOrder', { input: { orderId: placed.id, paymentMethodId: 'pm_card_authenticationRequired' } })
  expect(payOrder.__typename === 'OrderPayload', 'the payment to be taken up', payOrder)
  const asked = await orderWhen(olga, placed.id, 'the challenge', ({ payment }) => payment.status === 'REQUIRES_ACTION' && payment.nextActionUrl)
  sees(`her bank wants to see her at ${new URL(asked.payment.nextActionUrl).pathname}`)
  const passed = await fetch(asked.payment.nextActionUrl, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'outcome=complete', redirect: 'manual' })
  expect(passed.status < 400, 'the bank to let her through', passed.status)
  const paid = await orderWhen(olga, placed.id, 'the capture', ({ status }) => status === 'PAYMENT_CAPTURED' || status === 'SHIPPED')
  expect(paid.payment.capturedAmount.amountMinor === placed.totalAmount.amountMinor, 'exactly the total to be captured', paid.payment)
  sees(`authenticated and captured ${dollars(paid.payment.capturedAmount.amountMinor)}`)
}

async function partWithRefund(system: Stage, { step, sees }: Narrator, shelves: Keeper, sue: GraphClient): Promise<void> {
  await shelves.only(wanted, 0)
  step('Priyanka', `orders ${plenty.name} and ${wanted.name}, which is out of stock`)
  const priyanka = await newBuyer(system, 'Priyanka Rao')
  const placed = await buy(priyanka, [plenty, wanted])
  const partly = await orderWhen(priyanka, placed.id, 'one part paid and the other waiting', ({ fulfilments }) =>
    fulfilments.some(({ status }: Data) => status === 'PAID' || status === 'SHIPPED') && fulfilments.some(({ status }: Data) => status === 'BACKORDERED'))
  for (const { drug, status, why } of partly.lines) sees(`${drug.name}: ${status}. ${why.message} Next: ${why.nextStep} (${why.rule})`)
  const captured: number = partly.payment.capturedAmount.amountMinor
  expect(captured > 0 && captured < placed.totalAmount.amountMinor, 'only what is sent to be captured', partly.payment)
  sees(`captured ${dollars(captured)} of ${dollars(placed.totalAmount.amountMinor)}; the rest stays on the card`)
  const { cancelOrder } = await priyanka.graph.run('CancelOrder', { input: { orderId: placed.id, reason: 'I will buy it elsewhere' } })
  expect(cancelOrder.__typename === 'OrderPayload', 'the rest to be cancelled', cancelOrder)
  const rest = await orderWhen(priyanka, placed.id, 'the rest let go', ({ payment }) => payment.status === 'CAPTURED')
  expect(rest.payment.capturedAmount.amountMinor === captured, 'nothing more to be captured', rest.payment)
  sees('she cancels the part that waits; the hold for it is let go')
  step('Sue, support', 'gives two dollars back for a dented box')
  const { refundOrder } = await sue.run('RefundOrder', { input: { orderId: placed.id, amountMinor: 200, reason: 'dented box', idempotencyKey: randomUUID() } })
  expect(refundOrder.__typename === 'OrderPayload', 'the refund to be promised', refundOrder)
  const refunded = await orderWhen(priyanka, placed.id, 'the refund', ({ payment }) => payment.refundedAmount.amountMinor === 200)
  sees(`refunded ${dollars(refunded.payment.refundedAmount.amountMinor)}; payment ${refunded.payment.status}`)
  await shelves.restore()
}

async function recall(system: Stage, { step, sees }: Narrator, shelves: Keeper, ivan: GraphClient, nora: GraphClient): Promise<void> {
  step('Ivan, inventory', `receives a new lot of ${faulty.name}; three patients buy from it`)
  const lotNumber = await shelves.only(faulty, 4 * faulty.packageSize)
  const patients = await Promise.all(['Ann Cole', 'Ben Diaz', 'Cora Eng'].map((name) => newBuyer(system, name)))
  const orders = await Promise.all(patients.map((buyer) => buy(buyer, [faulty])))
  await Promise.all(patients.map((buyer, index) => orderWhen(buyer, orders[index]!.id, 'a box each', ({ status }) => ['PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED'].includes(status))))
  step('Ivan, inventory', `recalls lot ${lotNumber}`)
  const { recallLots } = await ivan.run('RecallLots', {
    input: { reference: `DEMO-${randomUUID().slice(0, 8)}`, ndcs: [faulty.ndc], lotNumbers: [lotNumber], recallClass: 'II', reason: 'Failed dissolution specifications' },
  })
  expect(recallLots.__typename === 'RecallPayload', 'the recall to open', recallLots)
  sees(`lot off sale: ${recallLots.recall.lots.map(({ batchNumber, status }: Data) => `${batchNumber} ${status}`).join(', ')}`)
  step('Dr. Nora Patel, pharmacist', 'asks who has it')
  const began = Date.now()
  const traced = await until('the recall traced to three patients', async () => {
    const { recall: found } = await nora.run('RecallPage', { id: recallLots.recall.id })
    return found.affectedFills.length === 3 && found
  })
  const names = new Set(traced.affectedFills.map(({ patient }: Data) => patient?.id))
  expect(patients.every(({ patientId }) => names.has(patientId)), 'the three who bought to be the three who are found', [...names])
  sees(`one query names all three in ${Date.now() - began} ms: orders ${traced.affectedFills.map(({ order }: Data) => order.number).join(', ')}`)
  const stopped = await Promise.all(patients.map((buyer, index) => orderWhen(buyer, orders[index]!.id, 'the parcel stopped', ({ fulfilments }) => fulfilments.every(({ status }: Data) => status === 'RETURNED'))))
  sees(`their parcels were stopped: ${stopped.map(({ number, statusReason }) => `${number} ${statusReason.code}`).join(', ')}`)
  await shelves.restore()
}

async function killedAtEachStep(system: Stage, { step, sees }: Narrator): Promise<void> {
  const steps = ['RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'RELEASED', 'PAYMENT_CAPTURED']
  const expected = ['CHECKOUT_STARTED', ...steps]
  step('The orders service', `is killed (SIGKILL) the moment an order shows each of ${steps.join(', ')}`)
  for (const [index, at] of steps.entries()) {
    const buyer = await newBuyer(system, `Kim ${letters(index)}`)
    const live = buyer.graph.live('MyOrderChanged')
    try {
      await until('the subscription to open', () => live.events.length > 0)
      const placed = await buy(buyer, [plenty])
      const pushed = (): string[] => live.events.filter(({ kind, order }) => kind === 'CHANGE' && order?.id === placed.id).map(({ status }) => status as string)
      await until(`${at} on the screen`, () => pushed().includes(at))
      const pid = kill(system.dataDir, 'orders')
      await until('every status pushed', () => pushed().includes('PAYMENT_CAPTURED'), 120_000)
      expect(JSON.stringify(pushed().slice(0, expected.length)) === JSON.stringify(expected), `the statuses ${expected.join(' → ')}, each once and in order`, pushed())
      await until('the service back', async () => (await buyer.graph.run('OrderPage', { id: placed.id })).order.status)
      const intents = (await (await fetch(`${system.sandboxes.stripe}/v1/payment_intents?limit=100`, { headers: { authorization: 'Bearer sk_test_local' } })).json()) as { data: Data[] }
      const ours = intents.data.filter(({ metadata }) => metadata?.orderId === placed.id)
      expect(ours.length === 1 && ours[0].amount_received === placed.totalAmount.amountMinor, 'one PaymentIntent, captured once', ours)
      sees(`killed process ${pid} at ${at}: the order went on, ${pushed().length} statuses, charged once`)
    } finally {
      live.stop()
    }
  }
}


/** 0 → Aa, 1 → Ab …: a family name is made of letters. */
const letters = (index: number): string => String.fromCharCode(65 + Math.floor(index / 26)) + String.fromCharCode(97 + (index % 26))

async function newBuyer(system: Stage, name: string): Promise<Buyer> {
  const [given = '', ...rest] = name.split(' ')
  const family = rest.join(' ')
  const email = `${given.toLowerCase()}.${randomUUID().slice(0, 8)}@demo.pharmagraph.test`
  const { accessToken } = await signUp(system.issuer, { givenName: given, familyName: family, email, password: 'correct horse battery' })
  const graph = new GraphClient(system, 'web', accessToken)
  const { registerPatient } = await graph.run('RegisterPatient', { input: { given, family, dateOfBirth: '1980-05-17', phone: '4155550100', sex: 'FEMALE', email, consents: ['DISPENSING', 'NOTIFICATIONS'] } })
  expect(registerPatient.__typename === 'RegisterPatientPayload', 'the registration to be accepted', registerPatient)
  const { addAddress } = await graph.run('AddAddress', { input: { recipient: name, line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } })
  expect(addAddress.__typename === 'AddressPayload', 'the address to be deliverable', addAddress)
  return { graph, patientId: registerPatient.patient.id, addressId: addAddress.address.id, name }
}

async function buy({ graph, addressId }: Buyer, drugs: readonly Drug[], paymentMethodId = 'pm_card_visa'): Promise<Data> {
  let cart: Data
  for (const { id: drugId } of drugs) {
    cart = await until('the box in the cart', async () => {
      const { addToCart } = await graph.run('AddToCart', { input: { drugId, packages: 1 } })
      return addToCart.__typename === 'CartPayload' && addToCart.cart
    })
  }
  const input = { cartId: cart.id, addressId, paymentMethodId, idempotencyKey: randomUUID() }
  return until('the order to be placed', async () => {
    const { checkout } = await graph.run('Checkout', { input })
    expect(checkout.__typename !== 'InvalidInput', 'the checkout input to be fine', checkout)
    return checkout.__typename === 'OrderPayload' && checkout.order
  })
}

const orderWhen = ({ graph }: Buyer, id: string, what: string, is: (order: Data) => unknown): Promise<Data> =>
  until(what, async () => {
    const { order } = await graph.run('OrderPage', { id })
    return is(order) && order
  })

type Keeper = { only(drug: Drug, units: number): Promise<string>; restore(): Promise<void> }

/** Takes a drug's lots off sale for a scene, but for one new lot of so many units, and puts them back. */
function keeperOf(ivan: GraphClient): Keeper {
  const held: string[] = []
  const lotsOf = async (drugId: string): Promise<Data[]> => (await ivan.run('Inventory', { drugId, first: 200 })).inventory.nodes
  const change = async (lotId: string, verb: string): Promise<void> => {
    const { changeLotStatus } = await ivan.run('ChangeLotStatus', { input: { lotId, verb, reason: 'demonstration' } })
    expect(changeLotStatus.__typename === 'LotPayload', `the lot to take ${verb}`, changeLotStatus)
  }
  return {
    async only(drug, units) {
      const lots = await lotsOf(drug.id)
      for (const { id } of lots.filter(({ status }) => status === 'AVAILABLE')) {
        await change(id, 'hold')
        held.push(id)
      }
      const batchNumber = `D${randomUUID().slice(0, 8).toUpperCase()}`
      if (units > 0) {
        const { receiveStock } = await ivan.run('ReceiveStock', {
          input: { drugId: drug.id, locationId: lots[0]!['location'].id, batchNumber, expiryDate: `${new Date().getFullYear() + 2}-06-30`, quantity: units, reference: `demo ${batchNumber}` },
        })
        expect(receiveStock.__typename === 'LotPayload', 'the lot to be received', receiveStock)
        const { lot } = receiveStock
        if (lot.status !== 'AVAILABLE') for (const verb of lot.status === 'RECEIVING' ? ['quarantine', 'release'] : ['release']) await change(lot.id, verb)
      }
      return batchNumber
    },
    async restore() {
      for (const id of held.splice(0)) await change(id, 'unhold')
    },
  }
}

/** As by kill -9; whoever supervises the stack starts it again. */
function kill(dataDir: string, service: string): number {
  const process_ = (readJsonFile<Record<string, { pid: number; startMark: string | undefined }>>(join(dataDir, 'processes.json')) ?? {})[service]
  expect(process_ && startMarkOf(process_.pid) === process_.startMark, `${service} among the processes of the stack in ${dataDir}`)
  process.kill(process_.pid, 'SIGKILL')
  return process_.pid
}

async function inParallel(lanes: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, async () => {
    for (let index = next++; index < count; index = next++) await work(index)
  }))
}
