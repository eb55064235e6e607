import { createHash } from 'node:crypto'
import { LockMode } from '@mikro-orm/postgresql'
import { apply, canonicalJson, clock, emit, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { DispenseRecord } from '../entities/dispense-record.ts'
import { DrugFact } from '../entities/facts.ts'
import { PatientFact } from '../entities/facts.ts'
import { Fill } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { isAsVerified, isIntact } from '../integrity/prescription.ts'
import type { Signer } from '../integrity/signer.ts'
import { refused } from '../refusals.ts'
import { currentSchedule, scheduleChanged } from '../reads/current-schedule.ts'
import { fillableOf } from '../reads/fillable.ts'
import { supplyUntil } from '../reads/past-fills.ts'
import { lastDayOfFill, type Refusal } from '../regulations/decisions.ts'
import { refusalOfPartial } from '../regulations/partial-fill.ts'
import { maySubstitute } from '../regulations/substitution.ts'
import type { Services } from '../services.ts'
import { balanceOf, bookPart, depleteWhenUsed, settle } from './book-part.ts'
import { mayPass } from './check-fill.ts'
import { completeRefill } from './follow-refill.ts'
import { productFrom } from './substitute-drug.ts'
import { contentAltered } from './verify-prescription.ts'

/** The pharmacist lets the fill go: the refill is counted, and what left the shelf is written down for good. */
export async function releaseFill(em: EntityManager, actor: Actor, services: Services, { fillId }: { fillId: string }): Promise<Fill> {
  access.must(actor, 'dispensing:check', undefined)
  const seen = isId(fillId) ? await em.findOne(Fill, { id: fillId }) : null
  if (!seen) throw notFound('fill')
  // prescription before fill, as everywhere: two locks taken in one order cannot wait for each other
  const prescription = await em.findOneOrFail(Prescription, { id: seen.prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const fill = await em.refresh(seen, { lockMode: LockMode.PESSIMISTIC_WRITE }) ?? seen
  mayPass(actor, fill, prescription)
  await mustBeDispensable(em, actor, services, fill, prescription)
  fill.releasedBy = actor.subject
  fill.releasedAt = clock.now()
  apply(em, actor, fillLifecycle, fill, 'release')
  await em.flush()
  await countRefill(em, fill, prescription)
  const { record, hash, signature, signatureKeyId } = dispenseRecord(services.signer, fill, prescription)
  em.create(DispenseRecord, { fillId: fill.id, prescriptionId: prescription.id, record, hash, signature, signatureKeyId, at: fill.releasedAt })
  const { prescriptionId, orderId, orderLineId, patientId, drugId } = fill
  emit(em, actor, 'prescriptions.fill-released.v1', fill.id, {
    fillId: fill.id, prescriptionId, orderId, orderLineId, patientId, drugId, deaSchedule: prescription.deaSchedule,
    lots: fill.lots.map(({ lotId, lotNumber, quantity, serialNumber }) => ({ lotId, lotNumber, quantity, ...(serialNumber ? { serialNumber } : {}) })), releasedBy: actor.pharmacistId ?? actor.subject, recordHash: hash,
  })
  return fill
}

/** Between acceptance and release the prescription may have been taken back, run out of time, or been tampered with. */
async function mustBeDispensable(em: EntityManager, actor: Actor, { vault, signer }: Services, fill: Fill, prescription: Prescription): Promise<void> {
  const refuse = (code: string, message: string) => refused(fillLifecycle, fill, actor, { code, message })
  if (prescription.status !== 'VERIFIED') throw refuse('NOT_VERIFIED', `the prescription is ${prescription.status}`)
  if (!(await em.findOne(PatientFact, { patientId: fill.patientId }, { refresh: true }))?.dispensingConsent) throw refuse('CONSENT_MISSING', 'the patient has taken back the consent to dispensing: give the units back to stock, or ask the patient')
  const { lastDay, rule } = lastDayOfFill(fillableOf(prescription, [], fill.destinationState))
  if (clock.today() > lastDay) throw refuse('PRESCRIPTION_EXPIRED', `the prescription ended on ${lastDay} (${rule.source})`)
  const expired = fill.lots.find(({ expiryDate }) => expiryDate < clock.today())
  if (expired) throw refuse('LOT_EXPIRED', `lot ${expired.lotNumber} expired on ${expired.expiryDate}`)
  const late = await lateRest(em, fill, prescription)
  if (late) throw refuse(late.code, late.message)
  const content = await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  const intact = isIntact(signer, prescription, content) && isAsVerified(signer, prescription) && (await isOfPrescription(em, fill, prescription))
  if (!intact) throw refuse(contentAltered.code, contentAltered.message)
  const schedule = await currentSchedule(em, prescription)
  if (schedule !== prescription.deaSchedule) throw refused(fillLifecycle, fill, actor, scheduleChanged(prescription.deaSchedule, schedule))
}

/** The product is the one verified or a lawful substitute of it, and no more than was prescribed and held. */
async function isOfPrescription(em: EntityManager, { drugId, quantity, lots }: Fill, { drugId: written, daw, quantity: prescribed }: Prescription): Promise<boolean> {
  const held = Math.round(lots.reduce((sum, lot) => sum + lot.quantity, 0) * 1000) / 1000
  if (quantity > prescribed || held > quantity) return false
  if (drugId === written) return true
  const [as, instead] = await Promise.all([em.findOne(DrugFact, { drugId: written }), em.findOne(DrugFact, { drugId })])
  return !!as && !!instead && maySubstitute(daw, productFrom(as), productFrom(instead))
}

/** The rest of a part has its own last moment. */
async function lateRest(em: EntityManager, { balanceId, quantity, destinationState }: Fill, prescription: Prescription): Promise<Refusal | undefined> {
  const balance = balanceId ? await balanceOf(em, { id: balanceId }) : null
  if (!balance) return undefined
  const { cause, prescribed, dispensed, firstAt } = balance
  return refusalOfPartial(fillableOf(prescription, [], destinationState), { cause, prescribed, dispensed: [dispensed], firstAt, quantity }, clock.now())
}

async function countRefill(em: EntityManager, fill: Fill, prescription: Prescription): Promise<void> {
  if (await bookPart(em, fill, prescription)) prescription.fillsReleased += 1
  prescription.supplyUntil = await supplyUntil(em, fill.chainId)
  // allowed for this one refill
  Object.assign(prescription, { earlyRefillReason: null, earlyRefillBy: null })
  // a short fill is a fill: the next one is whole again
  if (!fill.partCause && !fill.balanceId && prescription.nextQuantity != null) settle(em, prescription)
  await completeRefill(em, fill)
  depleteWhenUsed(em, prescription)
}

/** What 21 CFR 1306.22 wants on record for each fill, in canonical JSON, its hash and our signature over it. */
function dispenseRecord(signer: Signer, fill: Fill, prescription: Prescription): Pick<DispenseRecord, 'record' | 'hash' | 'signature' | 'signatureKeyId'> {
  const content = {
    prescription: prescription.number, prescriptionId: prescription.id, contentHash: prescription.contentHash, fillId: fill.id, fillNumber: fill.number,
    drugId: fill.drugId, deaSchedule: prescription.deaSchedule, quantity: fill.quantity, daw: fill.daw ?? prescription.daw, partCause: fill.partCause ?? null, owedQuantity: prescription.nextQuantity ?? null,
    lots: fill.lots.map(({ ndc12, lotNumber, expiryDate, quantity, serialNumber }) => ({ ndc12, lotNumber, expiryDate, quantity, serialNumber })),
    filledBy: fill.filledBy, checkedBy: fill.checkedBy, releasedBy: fill.releasedBy, releasedAt: fill.releasedAt!.toISOString(),
    refillsRemaining: prescription.refillsAuthorized - Math.max(0, prescription.fillsReleased - 1),
  }
  const record = canonicalJson(content)
  const { keyId, value } = signer.sign(content)
  return { record, hash: createHash('sha256').update(record).digest('hex'), signature: value, signatureKeyId: keyId }
}
