import { canonicalHash, canonicalJson, forbidden, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { notAnOrder, readMedicationRequest, type Resolve } from '../fhir/medication-request.ts'
import { systems, type MedicationRequest } from '../fhir/r4.ts'
import { readReported, type ReportedResource } from '../fhir/reported.ts'
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
  const history = notAnOrder(request)
  if (history) throw invalid('MedicationRequest.status', history)
  const content = { ...readMedicationRequest(request, resolve), ...readReported(request, reported) }
  const [identifier] = request.identifier ?? []
  const identity = identifier?.value ? canonicalHash([identifier.system ?? '', identifier.value]) : canonicalHash(content)
  const key = `fhir:${actor.clientId ?? actor.subject}:${identity}`
  // what is kept to answer a repeat names the prescription only: the request itself is kept sealed
  const answer = await answerOnce(em, services, { key, raw: canonicalJson({ request, content }) }, async (): Promise<Handled> => {
    const prescription = await receivePrescription(em, actor, services, { content, source: 'FHIR', externalKey: key, prescriberOrderNumber: identifier?.value?.slice(0, 100) })
    mustBeOwn(actor, prescription.practitionerId)
    const { id, number, receivedAt } = prescription
    return { status: 201, body: JSON.stringify({ id, number, receivedAt }), prescription }
  })
  return { status: answer.status, ...(JSON.parse(answer.body) as Omit<ReceivedRequest, 'status'>) }
}

/** As it stands with us: under our id and number. */
export const asStored = (request: MedicationRequest, { id, number, receivedAt }: ReceivedRequest): object =>
  ({ ...request, id, meta: { versionId: '1', lastUpdated: receivedAt }, identifier: [...(request.identifier ?? []), { system: systems.prescription, value: number }] })

/** A prescriber's system writes for that prescriber only; a partner for all of its clinic's. */
function mustBeOwn(actor: Actor, practitionerId: string | null | undefined): void {
  if (!actor.roles.includes('partner') && actor.practitionerId !== practitionerId) throw forbidden('the requester is another prescriber than the one signed in')
}
