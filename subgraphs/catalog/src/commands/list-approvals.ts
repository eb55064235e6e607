import type { EntityManager } from '@pharmagraph/platform'
import { ApprovedProduct } from '../entities/approved-product.ts'
import { storeListed, unseen, type Tally } from './store-listed.ts'

export type Approval = {
  applicationNumber: string; productNumber: string; applicationType: string; sponsor: string; name: string; activeIngredient: string; dosageForm: string
  route: string; strength: string; strengthKey: string; marketingStatus: string; teCode: string | null; referenceDrug: boolean
}

export const approvalKey = ({ applicationNumber, productNumber }: Approval): string => `${applicationNumber}/${productNumber}`

/** Takes approved products over as an import run read them; what is there already and the same is left alone. */
export async function listApprovals(em: EntityManager, runId: string, approvals: readonly Approval[]): Promise<Tally> {
  const { fresh, repeated } = await unseen(em, runId, approvals, approvalKey)
  return { ...(await storeListed(em, ApprovedProduct, fresh)), repeated }
}
