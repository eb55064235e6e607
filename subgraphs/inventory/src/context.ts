import { byId, listBy, pageByParent, perArguments, TransitionRow, type Actor, type EntityManager, type Page, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { access } from './access.ts'
import { LedgerEntry } from './entities/ledger-entry.ts'
import { Location } from './entities/location.ts'
import { Lot } from './entities/lot.ts'
import { Allocation, Reservation } from './entities/reservation.ts'
import { lotLifecycle } from './lifecycles/lot.ts'
import { availabilityOf } from './reads/availability.ts'

/** Staff see every lot and hold, others none. */
export const rowsFor = (actor: Actor): object => (access.can(actor, 'lot:view', undefined) ? {} : { id: { $in: [] } })

export const loaders = (em: EntityManager, actor: Actor) => ({
  location: byId(em, Location),
  lot: byId(em, Lot, rowsFor(actor)),
  reservation: byId(em, Reservation, rowsFor(actor)),
  /** Reservations by order id. */
  reservationsOf: listBy(em, Reservation, 'orderId', { scope: rowsFor(actor) }),
  /** Allocations by reservation id. */
  allocationsOf: listBy(em, Allocation, 'reservationId'),
  /** Steps of a lot's lifecycle by lot id. */
  historyOf: listBy(em, TransitionRow, 'subjectId', { scope: { machine: lotLifecycle.name } }),
  /** Ledger pages by lot id. */
  ledgerOf: perArguments((request: Page) => pageByParent(em, LedgerEntry, 'lotId', {}, request)),
  /** What can be sold, by drug id. */
  availability: new DataLoader((drugIds: readonly string[]) => availabilityOf(em, drugIds)),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, object>
