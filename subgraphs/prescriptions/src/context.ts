import { TransitionRow, byId, isId, listBy, pageByParent, perArguments, type Actor, type EntityManager, type Page, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { visibleFills, visiblePrescriptions, visibleRefills } from './access.ts'
import { ClinicalAlert } from './entities/clinical-alert.ts'
import { DispenseRecord } from './entities/dispense-record.ts'
import { EmergencyFollowUp } from './entities/emergency-follow-up.ts'
import { AddressFact, DrugFact, PatientFact } from './entities/facts.ts'
import { Fill, fillsUndone } from './entities/fill.ts'
import { OwedBalance } from './entities/owed-balance.ts'
import { Prescription } from './entities/prescription.ts'
import { PrescriptionTransfer } from './entities/prescription-transfer.ts'
import { PrescriptionPicture } from './entities/prescription-picture.ts'
import { openRefillStates, RefillRequest } from './entities/refill-request.ts'
import { WorkItem } from './entities/work-item.ts'
import { emergencyCandidates } from './reads/emergency-follow-ups.ts'
import { networkStatuses } from './reads/network-statuses.ts'
import { openSealed } from './reads/open-sealed.ts'
import { statesOf, type PrescriptionFilter } from './reads/prescription-filter.ts'
import { queueDepths } from './reads/work-queue.ts'
import type { Services } from './services.ts'

export const loaders = (em: EntityManager, actor: Actor, { vault }: Services) => ({
  /** Scoped: what the actor may not see is null. */
  prescription: uuidsOnly(byId(em, Prescription, visiblePrescriptions(actor))),
  fill: uuidsOnly(byId(em, Fill, visibleFills(actor))),
  workItem: uuidsOnly(byId(em, WorkItem)),
  prescriptionsOf: perArguments(({ filter, ...page }: Page & { filter: PrescriptionFilter }) =>
    pageByParent(em, Prescription, 'patientId', { $and: [visiblePrescriptions(actor), statesOf(filter)] }, page)),
  fillsOf: perArguments((page: Page) => pageByParent(em, Fill, 'prescriptionId', visibleFills(actor), page)),
  fillsOfOrder: listBy(em, Fill, 'orderId', { scope: visibleFills(actor), orderBy: { id: 'asc' } }),
  /** Unscoped: for answers about a prescription the actor may see, never shown. */
  fillsKept: listBy(em, Fill, 'chainId', { scope: { status: { $nin: [...fillsUndone] } }, orderBy: { id: 'asc' } }),
  patientFacts: listBy(em, PatientFact, 'patientId', { orderBy: { patientId: 'asc' } }),
  drugFacts: listBy(em, DrugFact, 'drugId', { orderBy: { drugId: 'asc' } }),
  addressesOf: listBy(em, AddressFact, 'patientId', { orderBy: { asOf: 'asc', addressId: 'asc' } }),
  picturesOf: listBy(em, PrescriptionPicture, 'prescriptionId', { orderBy: { prescriptionId: 'asc' } }),
  replacedBy: listBy(em, Prescription, 'priorPrescriptionId', { scope: visiblePrescriptions(actor), orderBy: { id: 'asc' } }),
  dispenseRecords: listBy(em, DispenseRecord, 'fillId', { orderBy: { fillId: 'asc' } }),
  transfersOf: listBy(em, PrescriptionTransfer, 'prescriptionId', { orderBy: { prescriptionId: 'asc' } }),
  dispenseRecordsOf: listBy(em, DispenseRecord, 'prescriptionId', { orderBy: { at: 'asc' } }),
  balancesOf: listBy(em, OwedBalance, 'prescriptionId', { orderBy: { id: 'asc' } }),
  followUpsOf: listBy(em, EmergencyFollowUp, 'prescriptionId', { orderBy: { id: 'asc' } }),
  /** Of the electronic prescriptions that were kept with an oral one. */
  followedBy: listBy(em, EmergencyFollowUp, 'answeredBy', { orderBy: { id: 'asc' } }),
  emergencyCandidates: new DataLoader(emergencyCandidates(em)),
  refillRequest: uuidsOnly(byId(em, RefillRequest, visibleRefills(actor))),
  refillsOf: listBy(em, RefillRequest, 'prescriptionId', { scope: visibleRefills(actor), orderBy: { id: 'desc' } }),
  openRefillsOf: listBy(em, RefillRequest, 'patientId', { scope: { $and: [visibleRefills(actor), { status: { $in: [...openRefillStates] } }] }, orderBy: { id: 'desc' } }),
  alertsOf: listBy(em, ClinicalAlert, 'prescriptionId'),
  historyOf: listBy(em, TransitionRow, 'subjectId', { orderBy: { id: 'asc' } }),
  /** Sealed JSON of any number of people, opened with one statement for their keys. */
  opened: new DataLoader(openSealed(em, vault), { cache: false }),
  networkStatuses: new DataLoader(networkStatuses(em), { cache: false }),
  queueDepth: new DataLoader(queueDepths(em)),
})

/** A malformed id is the id of nothing. */
const uuidsOnly = <Node>(loader: DataLoader<string, Node | null>): { load(id: string): Promise<Node | null> } => ({ load: async (id) => (isId(id) ? loader.load(id) : null) })

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
