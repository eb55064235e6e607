import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { fillStatus, itemOf, lot, order, publishDrug, registerPatient, subgraph, untilFill, verified } from './pharmacy.ts'

const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length > 0, { what: 'the event handled' })

test('S18 the lines of an order that are held go to the bench without the others, and one that is left out ends alone', async () => {
  const patient = await registerPatient()
  const drugs = [await publishDrug({ genericName: 'losartan' }), await publishDrug({ genericName: 'famotidine' })] as const
  const fills = []
  for (const drug of drugs) fills.push(await order(await verified({ patientId: patient.id, drugId: drug.drugId }), patient.id, drug.drugId))
  // two orders of one line each are as good as one of two: what counts is the lines an event names
  const [ready, waiting] = fills as [typeof fills[0], typeof fills[0]]
  await subgraph.sql('update fill set order_id = $1 where id = $2', [ready!.orderId, waiting!.id])
  const { orderId } = ready!
  await subgraph.publish('inventory.stock-held.v1', orderId, {
    orderId, expiresAt: new Date(Date.now() + 86_400_000).toISOString(), lines: [{ reservationId: newId(), orderLineId: ready!.orderLineId, drugId: drugs[0].drugId, allocations: [lot(drugs[0])] }],
  })
  await untilFill(ready!.id, 'RESERVED')
  await subgraph.publish('orders.order-ready-to-fill.v1', orderId, { orderId, patientId: patient.id, orderLineIds: [ready!.orderLineId] })
  await itemOf('FILL', ready!.id)
  assert.equal(await fillStatus(waiting!.id), 'SCREENING')

  await handled(await subgraph.publish('orders.line-cancelled.v1', orderId, { orderId, orderLineId: waiting!.orderLineId, prescriptionId: newId(), reasonCode: 'STOCK_RECALLED' }))
  assert.deepEqual([await fillStatus(waiting!.id), await fillStatus(ready!.id)], ['CANCELLED', 'RESERVED'])
})

test('S18 a parcel hands over the fills it holds, not those of another parcel of the order', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'cetirizine' })
  const fill = await order(await verified({ patientId: patient.id, drugId: drug.drugId }), patient.id, drug.drugId)
  await subgraph.sql(`update fill set status = 'RELEASED' where id = $1`, [fill.id])
  const moved = (orderLineIds: string[]) =>
    subgraph.publish('logistics.shipment-status-changed.v1', newId(), { shipmentId: newId(), orderId: fill.orderId, patientId: patient.id, from: 'ASSIGNED', to: 'PICKED_UP', reasonCode: null, fulfilmentId: newId(), orderLineIds })
  await handled(await moved([newId()]))
  assert.equal(await fillStatus(fill.id), 'RELEASED')
  await moved([fill.orderLineId])
  await untilFill(fill.id, 'HANDED_OVER')
})
