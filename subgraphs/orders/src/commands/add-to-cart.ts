import { clock, invalid, isId, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Cart, CartLine } from '../entities/cart.ts'
import { DrugFact, PrescriptionFact } from '../entities/facts.ts'
import { notOrderable } from '../not-orderable.ts'
import { lineProblem } from '../reads/line-problem.ts'
import { customerOf, lockPatient, openCart } from '../reads/open-cart.ts'

type Input = { patientId?: string | null | undefined; prescriptionId?: string | null | undefined; drugId?: string | null | undefined; packages?: number | null | undefined }
type Wanted = { drugId: string; prescriptionId: string | null; quantity: number; packages: number | null }

/** House policy: more is for pharmacies, not for people. */
const maxPackages = 20

/** Puts a prescription once, or packages of an over-the-counter drug, into the patient's one open cart. */
export async function addToCart(em: EntityManager, actor: Actor, input: Input): Promise<Cart> {
  const patientId = await customerOf(em, actor, input.patientId)
  const wanted = input.prescriptionId ? await fromPrescription(em, patientId, input) : await overTheCounter(em, patientId, input)

  await lockPatient(em, patientId)
  const cart = (await openCart(em, patientId)) ?? em.create(Cart, { id: newId(), patientId, status: 'OPEN' })
  const same = await em.findOne(CartLine, { cartId: cart.id, drugId: wanted.drugId, prescriptionId: wanted.prescriptionId })
  if (!same) em.create(CartLine, { id: newId(), cartId: cart.id, ...wanted })
  else if (wanted.packages !== null) {
    const packages = (same.packages ?? 0) + wanted.packages
    if (packages > maxPackages) throw invalid('packages', `at most ${maxPackages} packages of one medicine`)
    Object.assign(same, { packages, quantity: (wanted.quantity / wanted.packages) * packages })
  } else same.quantity = wanted.quantity
  cart.updatedAt = clock.now()
  return cart
}

async function fromPrescription(em: EntityManager, patientId: string, { prescriptionId, drugId }: Input): Promise<Wanted> {
  if (drugId) throw invalid('drugId', 'give a prescription or an over-the-counter drug, not both')
  if (!isId(prescriptionId)) throw invalid('prescriptionId', 'this is no id of a prescription')
  const prescription = await em.findOne(PrescriptionFact, { id: prescriptionId })
  const drug = prescription?.drugId ? await em.findOne(DrugFact, { id: prescription.drugId }) : null
  const wanted = { prescriptionId, quantity: prescription?.quantity ?? 0, packages: null }
  const problem = lineProblem(patientId, wanted, { drug, prescription }, clock.today())
  if (problem) throw notOrderable(problem)
  return { ...wanted, drugId: drug!.id }
}

async function overTheCounter(em: EntityManager, patientId: string, { drugId, packages }: Input): Promise<Wanted> {
  if (!drugId) throw invalid('drugId', 'give a prescription or an over-the-counter drug')
  if (!isId(drugId)) throw invalid('drugId', 'this is no id of a drug')
  const count = packages ?? 1
  if (count < 1 || count > maxPackages) throw invalid('packages', `packages must be from 1 to ${maxPackages}`)
  const drug = await em.findOne(DrugFact, { id: drugId })
  const wanted = { prescriptionId: null, quantity: count * (drug?.packageSize ?? 0), packages: count }
  const problem = lineProblem(patientId, wanted, { drug, prescription: null }, clock.today())
  if (problem) throw notOrderable(problem)
  return { ...wanted, drugId }
}
