import { apply, begin, clock, invalid, isId, newId, notFound, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import type { DeviceAnswer, DispenseJob as Asked } from '../devices/port.ts'
import { judge } from '../devices/port.ts'
import { DeviceCassette, DispenseJob } from '../entities/dispense-job.ts'
import { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { dispenseJobLifecycle } from '../lifecycles/dispense-job.ts'
import { checkUnits, units } from '../quantity.ts'

type FillMoved = EventMap['prescriptions.fill-status-changed.v1']

/** A fill has come to the bench: what of its lots a device at hand has loaded is asked of it. One that left the bench is asked no more. */
export async function followFill(em: EntityManager, actor: Actor, fill: FillMoved): Promise<void> {
  access.must(actor, 'device:ask', undefined)
  if (fill.to === 'FILLING') await requestDispense(em, actor, fill)
  else if (fill.from === 'FILLING') await withdrawJobs(em, actor, fill.fillId)
}

async function requestDispense(em: EntityManager, actor: Actor, { fillId, orderLineId }: FillMoved): Promise<void> {
  const reservation = await em.findOne(Reservation, { orderLineId })
  if (!reservation) throw notYet('the hold of this order line')
  const allocations = await em.find(Allocation, { reservationId: reservation.id }, { orderBy: { id: 'asc' } })
  const lotIds = allocations.map(({ lotId }) => lotId)
  const cassettes = await em.find(DeviceCassette, { lotId: { $in: lotIds } }, { orderBy: { deviceId: 'asc' } })
  const lots = new Map((await em.find(Lot, { id: { $in: lotIds } })).map((lot) => [lot.id, lot]))
  const known = await em.find(DispenseJob, { fillId })
  for (const { lotId, quantity } of allocations) {
    const cassette = cassettes.find((one) => one.lotId === lotId && one.units >= quantity)
    if (!cassette || known.some((job) => job.lotId === lotId)) continue
    const { ndc, batchNumber: lotNumber } = lots.get(lotId)!
    const job = em.create(DispenseJob, {
      id: newId(), deviceId: cassette.deviceId, fillId, orderLineId, lotId, ndc, lotNumber, quantity, status: 'REQUESTED', refusal: null, message: null,
      counted: null, serialNumber: null, requestedAt: clock.now(), answeredAt: null,
    })
    begin(em, actor, dispenseJobLifecycle, job)
  }
}

async function withdrawJobs(em: EntityManager, actor: Actor, fillId: string): Promise<void> {
  const waiting = await em.find(DispenseJob, { fillId, status: 'REQUESTED' }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const job of waiting) apply(em, actor, dispenseJobLifecycle, job, 'withdraw')
}

/** What to ask the device, or undefined where a person has done it meanwhile. */
export async function waitingJob(em: EntityManager, jobId: string): Promise<Asked | undefined> {
  const job = await em.findOne(DispenseJob, { id: jobId })
  return job?.status === 'REQUESTED' ? { jobId: job.id, ndc: job.ndc, lotNumber: job.lotNumber, quantity: job.quantity } : undefined
}

/** Records what the device did. An answer about a job that is over changes nothing: the device gives the same one again. */
export async function recordAnswer(em: EntityManager, actor: Actor, jobId: string, answer: DeviceAnswer): Promise<void> {
  access.must(actor, 'device:ask', undefined)
  const job = await em.findOne(DispenseJob, { id: jobId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (job?.status !== 'REQUESTED') return
  const verdict = judge({ jobId, ndc: job.ndc, lotNumber: job.lotNumber, quantity: job.quantity }, answer)
  job.counted = answer.outcome === 'COUNTED' ? answer.counted : null
  job.serialNumber = verdict.accepted ? verdict.serialNumber : null
  const cassette = await em.findOne(DeviceCassette, { deviceId: job.deviceId, lotId: job.lotId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (cassette) cassette.units = answer.outcome === 'EMPTY' ? answer.left : Math.max(0, units(cassette.units - (job.counted ?? 0)))
  if (!verdict.accepted) Object.assign(job, { refusal: verdict.code, message: verdict.message })
  apply(em, actor, dispenseJobLifecycle, job, verdict.accepted ? 'count' : 'refuse')
}

export type Loading = { deviceId: string; lotId: string; units: number }

/** Notes that a person loaded units of a lot into a device; what was in that cassette of the lot before stays. */
export async function loadDevice(em: EntityManager, actor: Actor, { deviceId, lotId, units: loaded }: Loading): Promise<{ cassette: DeviceCassette; lot: Lot }> {
  access.must(actor, 'device:load', undefined)
  checkUnits('units', loaded)
  if (loaded <= 0) throw invalid('units', 'load more than nothing')
  const lot = isId(lotId) ? await em.findOne(Lot, { id: lotId }) : null
  if (!lot) throw notFound('lot')
  if (lot.status !== 'AVAILABLE') throw invalid('lotId', `a lot that is ${lot.status} is not dispensed from`)
  const known = await em.findOne(DeviceCassette, { deviceId, lotId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const cassette = known ?? em.create(DeviceCassette, { deviceId, lotId, units: 0, loadedBy: actor.subject, loadedAt: clock.now() })
  Object.assign(cassette, { units: units(cassette.units + loaded), loadedBy: actor.subject, loadedAt: clock.now() })
  return { cassette, lot }
}
