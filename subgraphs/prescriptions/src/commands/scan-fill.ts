import { LockMode } from '@mikro-orm/postgresql'
import { clock, invalid, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { parseGs1, parseNdc, type PackageScan } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import { DrugFact } from '../entities/facts.ts'
import { Fill, type HeldLot } from '../entities/fill.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { refused } from '../refusals.ts'
import { heldWorkItem, type Held } from './held-work-item.ts'

/** One scan at the bench: the package's GS1 element string, or its NDC in any form and its lot number. */
export async function scanFill(em: EntityManager, actor: Actor, input: Held & { barcode: string }): Promise<Fill> {
  access.must(actor, 'dispensing:fill', undefined)
  const item = await heldWorkItem(em, actor, input, 'FILL')
  const fill = await em.findOneOrFail(Fill, { id: item.fillId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (fill.status !== 'FILLING') throw refused(fillLifecycle, fill, actor, { code: 'TRANSITION_REFUSED', message: `a fill is scanned while FILLING, this one is ${fill.status}` })
  const scan = readBarcode(input.barcode)
  if (!scan) throw invalid('barcode', 'scan the GS1 DataMatrix of the package, or type its NDC, a space and the lot number')
  const listed = await listedNdcs(em, fill.lots)
  const matching = fill.lots.filter((held) => isOf(held, scan, listed))
  // a batch may lie in two places: the one not scanned yet is meant
  const lot = matching.find(({ scanned }) => !scanned) ?? matching[0]
  if (!lot || lot.expiryDate < clock.today()) {
    const expected = fill.lots.map(({ ndc, lotNumber, expiryDate }) => `${ndc} lot ${lotNumber} exp ${expiryDate}`)
    const message = lot ? 'this lot has expired: quarantine it' : 'this package is not one held for the fill: put it back'
    throw problem('WrongProduct', lot ? 'LOT_EXPIRED' : 'WRONG_PRODUCT', message, { expected, scanned: input.barcode.slice(0, 200) })
  }
  fill.lots = fill.lots.map((held) => (held === lot ? { ...held, scanned: true, ...(scan.serialNumber ? { serialNumber: scan.serialNumber } : {}) } : held))
  if (!fill.fillers.includes(actor.subject)) fill.fillers = [...fill.fillers, actor.subject]
  return fill
}

type Scan = Partial<PackageScan> & { ndc12?: string; lotNumber: string }

function readBarcode(barcode: string): Scan | undefined {
  const package_ = parseGs1(barcode.trim())
  if (package_) return package_.lotNumber ? { ...package_, lotNumber: package_.lotNumber } : undefined
  const [ndcText = '', ...rest] = barcode.trim().split(/\s+/)
  const ndc = parseNdc(ndcText)
  const lotNumber = rest.join(' ')
  return ndc && lotNumber ? { ndc12: ndc.ndc12, lotNumber } : undefined
}

/** A GTIN holds the ten digits of the listed NDC, so the lot's padded form must be brought back to it. */
async function listedNdcs(em: EntityManager, lots: readonly HeldLot[]): Promise<Map<string, string>> {
  const facts = await em.find(DrugFact, { ndc12: { $in: lots.map(({ ndc12 }) => ndc12) } })
  return new Map([...lots.map(({ ndc12, ndc }) => [ndc12, parseNdc(ndc)?.listed ?? ''] as const), ...facts.map(({ ndc12, ndc }) => [ndc12, ndc] as const)])
}

function isOf(held: HeldLot, { gtin, ndc12, lotNumber, expiryDate }: Scan, listed: Map<string, string>): boolean {
  const product = gtin ? gtin.slice(3, 13) === listed.get(held.ndc12)?.replaceAll('-', '') && gtin.slice(1, 3) === '03' : ndc12 === held.ndc12
  return product && lotNumber === held.lotNumber && (!expiryDate || expiryDate === held.expiryDate)
}
