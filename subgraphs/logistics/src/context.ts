import { isId, isStaff, listBy, TransitionRow, type Actor, type EntityManager, type SubgraphContext } from '@pharmagraph/platform'
import type { FilterQuery } from '@mikro-orm/postgresql'
import DataLoader from 'dataloader'
import { Address } from './entities/address.ts'
import { Driver, Vehicle } from './entities/fleet.ts'
import { Route, RouteStop } from './entities/route.ts'
import { Shipment, type ProofDetails } from './entities/shipment.ts'
import { openAddresses, type OpenedAddress } from './opened.ts'
import { addressesVisibleTo, patientsOf, routesVisibleTo, shipmentsVisibleTo } from './reads/visible.ts'
import type { Services } from './services.ts'

export const loaders = (em: EntityManager, actor: Actor, { vault }: Services) => {
  /** Rows by one of their columns, the newest of equals, as far as the actor may see them. */
  const visible = <Row extends object>(entity: new () => Row, key: keyof Row & string, scope: () => FilterQuery<Row> | Promise<FilterQuery<Row>>) =>
    new DataLoader<string, Row | null>(async (keys) => {
      const wanted = key === 'trackingNumber' ? keys : keys.filter(isId)
      const rows = (await em.find(entity as never, { $and: [{ [key]: { $in: wanted } }, await scope()] } as never, { orderBy: { id: 'asc' } as never })) as Row[]
      const map = new Map(rows.map((row) => [String(row[key]), row]))
      return keys.map((value) => map.get(value) ?? null)
    })

  const patients = patientsOf(em, actor)
  const shipments = async (): Promise<FilterQuery<Shipment>> => shipmentsVisibleTo(actor, await patients())
  const addressScope = async (): Promise<FilterQuery<Address>> => addressesVisibleTo(em, actor, await patients())
  return {
    shipment: visible(Shipment, 'id', shipments),
    shipmentByOrder: visible(Shipment, 'orderId', shipments),
    shipmentsOfOrder: new DataLoader<string, Shipment[]>(async (ids) => {
      const rows = await em.find(Shipment, { $and: [{ orderId: { $in: ids.filter(isId) } }, await shipments()] }, { orderBy: { id: 'asc' } })
      const groups = Map.groupBy(rows, ({ orderId }) => orderId)
      return ids.map((id) => groups.get(id) ?? [])
    }),
    shipmentByFulfilment: visible(Shipment, 'fulfilmentId', shipments),
    shipmentByTracking: visible(Shipment, 'trackingNumber', shipments),
    route: new DataLoader<string, Route | null>(async (ids) => {
      const rows = await em.find(Route, { $and: [{ id: { $in: ids.filter(isId) } }, await routesVisibleTo(em, actor, await patients())] })
      const map = new Map(rows.map((row) => [row.id, row]))
      return ids.map((id) => map.get(id) ?? null)
    }),
    stops: listBy(em, RouteStop, 'routeId', { orderBy: { sequence: 'asc' } }),
    driver: visible(Driver, 'id', () => ({})),
    vehicle: visible(Vehicle, 'id', () => ({})),
    history: listBy(em, TransitionRow, 'subjectId', { scope: { machine: 'shipment' } }),
    address: new DataLoader<string, OpenedAddress | null>(async (ids) => {
      const opened = await openAddresses(em, vault, await em.find(Address, { $and: [{ id: { $in: ids.filter(isId) } }, await addressScope()] }))
      const map = new Map(opened.map((row) => [row.id, row]))
      return ids.map((id) => map.get(id) ?? null)
    }),
    addressesOf: new DataLoader<string, OpenedAddress[]>(async (patientIds) => {
      const theirs = await patients()
      const own = patientIds.filter((id) => isStaff(actor) || theirs.includes(id))
      const opened = await openAddresses(em, vault, await em.find(Address, { patientId: { $in: own } }, { orderBy: { id: 'asc' } }))
      const groups = Map.groupBy(opened, ({ patientId }) => patientId)
      return patientIds.map((id) => groups.get(id) ?? [])
    }),
    /** Proof details of shipments already found visible. */
    proof: new DataLoader<Shipment, ProofDetails | null>(async (rows) => {
      await vault.preload(em, rows.map(({ patientId }) => patientId))
      return Promise.all(rows.map(({ patientId, proofSealed }) => (proofSealed ? vault.open<ProofDetails>(em, patientId, proofSealed).catch(() => null) : null)))
    }),
  }
}

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
