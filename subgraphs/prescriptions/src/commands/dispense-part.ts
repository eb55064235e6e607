import { LockMode } from '@mikro-orm/postgresql'
import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill, type HeldLot, type PartCause } from '../entities/fill.ts'
import { OwedBalance, owed } from '../entities/owed-balance.ts'
import { daysOf, Prescription } from '../entities/prescription.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { refused } from '../refusals.ts'
import { fillableOf } from '../reads/fillable.ts'
import { refusalOfPartial } from '../regulations/partial-fill.ts'
import { heldWorkItem, type Held } from './held-work-item.ts'

/** At the bench: only a part of the fill leaves, for a cause the law names; its release opens what is owed and says until when. */
export async function dispensePart(em: EntityManager, actor: Actor, input: Held & { quantity: number; cause: PartCause }): Promise<Fill> {
  access.must(actor, 'dispensing:fill', undefined)
  const item = await heldWorkItem(em, actor, input, 'FILL')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const fill = await em.findOneOrFail(Fill, { id: item.fillId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (fill.status !== 'FILLING') throw refused(fillLifecycle, fill, actor, { code: 'TRANSITION_REFUSED', message: `a part is set apart while FILLING, this fill is ${fill.status}` })
  const balance = fill.balanceId ? await em.findOneOrFail(OwedBalance, { id: fill.balanceId }) : undefined
  const whole = balance ? owed(balance) : prescription.quantity
  const { quantity, cause } = input
  if (!(quantity > 0 && quantity < whole) || Math.round(quantity * 1000) / 1000 !== quantity) throw invalid('quantity', `a part is more than 0 and less than the ${whole} units of the fill, with three decimals at most`)
  const refusal = refusalOfPartial(fillableOf(prescription, [], fill.destinationState), {
    cause: balance?.cause ?? cause, prescribed: prescription.quantity, dispensed: balance ? [balance.dispensed] : [], firstAt: balance?.firstAt, quantity,
  }, clock.now())
  if (refusal) throw refused(fillLifecycle, fill, actor, refusal)
  const lots = firstOf(fill.lots, quantity)
  if (lots.reduce((sum, lot) => sum + lot.quantity, 0) < quantity) throw invalid('quantity', 'that much is not held for the fill')
  // who set it apart has filled
  const fillers = [...new Set([...fill.fillers, actor.subject])]
  Object.assign(fill, { quantity, lots, partCause: balance?.cause ?? cause, daysSupply: daysOf(prescription, quantity), fillers })
  return fill
}

/** As much of the lots, in the order they were held (first to expire first); what is left of them goes back with the release. */
function firstOf(lots: readonly HeldLot[], quantity: number): HeldLot[] {
  let left = quantity
  return lots.flatMap((lot) => {
    const taken = Math.min(lot.quantity, left)
    left = Math.round((left - taken) * 1000) / 1000
    return taken > 0 ? [{ ...lot, quantity: taken }] : []
  })
}
