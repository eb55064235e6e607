import { canonicalHash, canonicalJson, forbidden, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Prescription } from '../entities/prescription.ts'
import { notAnOrder, readMedicationRequest, type Resolve } from '../fhir/medication-request.ts'
import { systems, type Identifier, type MedicationRequest } from '../fhir/r4.ts'
import { readReported, type ReportedResource } from '../fhir/reported.ts'
import { mustBeShaped } from '../fhir/shape.ts'
import type { Services } from '../services.ts'
import { answerOnce, type Handled } from './answer-once.ts'
import { receivePrescription } from './receive-prescription.ts'

export type ReceivedRequest = { status: number; id: string; number: string; receivedAt: string }

/**
 * One MedicationRequest becomes one prescription: recognised by its first identifier, or without one by its content.
 * `reported`: allergies and coverage that came with it. Throws INVALID_INPUT with the FHIR path, or the code of a rule.
 */
export async function receiveMedicationRequest(
  em: EntityManager, actor: Actor, services: Services, request: MedicationRequest, resolve: Resolve, reported: readonly ReportedResource[] = [],
): Promise<ReceivedRequest> {
  mustBeShaped(request)
  const history = notAnOrder(request)
  if (history) throw invalid('MedicationRequest.status', history)
  const content = { ...readMedicationRequest(request, resolve), ...readReported(request, reported, resolve) }
  const [identifier] = request.identifier ?? []
  const key = identifier?.value ? keyOf(actor, identifier) : `fhir:${senderOf(actor)}:${canonicalHash(content)}`
  // what is kept to answer a repeat names the prescription only: the request itself is kept sealed
  const answer = await answerOnce(em, services, { key, raw: canonicalJson({ request, content }) }, async (): Promise<Handled> => {
    const prescription = await receivePrescription(em, actor, services, { content, source: 'FHIR', externalKey: key, prescriberOrderNumber: identifier?.value?.slice(0, 100) })
    mustBeOwn(actor, prescription.practitionerId)
    const { id, number, receivedAt } = prescription
    return { status: 201, body: JSON.stringify({ id, number, receivedAt }), prescription }
  })
  return { status: answer.status, ...(JSON.parse(answer.body) as Omit<ReceivedRequest, 'status'>) }
}

const senderOf = ({ clientId, subject }: Actor): string => clientId ?? subject
const keyOf = (actor: Actor, { system, value }: Identifier): string => `fhir:${senderOf(actor)}:${canonicalHash([system ?? '', value ?? ''])}`

/**
 * Conditional create (R4 3.1.0.8.1): what this sender sent before under the identifier that `ifNoneExist` names, such as
 * identifier=urn:clinic|42; undefined where there is none yet. Throws INVALID_INPUT where it asks for anything else.
 */
export async function knownRequest(em: EntityManager, actor: Actor, request: MedicationRequest, ifNoneExist: string): Promise<ReceivedRequest | undefined> {
  mustBeShaped(request)
  const [[name, wanted] = [], ...others] = [...new URLSearchParams(ifNoneExist.replace(/^\?/, ''))]
  const [identifier] = request.identifier ?? []
  if (name !== 'identifier' || others.length || !identifier?.value || wanted !== `${identifier.system ?? ''}|${identifier.value}`) {
    throw invalid('If-None-Exist', 'a request is recognised by its own first identifier only: write identifier=<system>|<value> as it stands in the resource')
  }
  const known = await em.findOne(Prescription, { externalKey: keyOf(actor, identifier) })
  return known ? { status: 200, id: known.id, number: known.number, receivedAt: known.receivedAt.toISOString() } : undefined
}

/** As it stands with us: under our id and number. */
export const asStored = (request: MedicationRequest, { id, number, receivedAt }: ReceivedRequest): object =>
  ({ ...request, id, meta: { versionId: '1', lastUpdated: receivedAt }, identifier: [...(request.identifier ?? []), { system: systems.prescription, value: number }] })

/** A prescriber's system writes for that prescriber only; a partner for all of its clinic's. */
function mustBeOwn(actor: Actor, practitionerId: string | null | undefined): void {
  if (!actor.roles.includes('partner') && actor.practitionerId !== practitionerId) throw forbidden('the requester is another prescriber than the one signed in')
}
