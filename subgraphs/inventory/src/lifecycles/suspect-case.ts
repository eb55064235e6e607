import { clock, defineLifecycle, emit, to, type Guard, type Role } from '@pharmagraph/platform'
import type { SuspectCase, SuspectStatus } from '../entities/suspect-case.ts'

const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']
const answerable: readonly Role[] = ['pharmacist-in-charge', 'compliance']
const dayMs = 86_400_000

/** Three packages or a tenth, whichever is more, or all there are (21 USC 360eee-1(d)(4)(A)(ii)(II)). */
export const packagesToVerify = ({ packages }: Pick<SuspectCase, 'packages'>): number => Math.min(packages, Math.max(3, Math.ceil(packages / 10)))

export const enoughVerified: Guard<SuspectCase> = (suspect) =>
  suspect.verified < packagesToVerify(suspect)
    ? { code: 'INVESTIGATION_INCOMPLETE', message: `${packagesToVerify(suspect)} packages are to be verified, ${suspect.verified} were` }
    : undefined

export const nothingDiffers: Guard<SuspectCase> = ({ differing }) =>
  differing > 0 ? { code: 'PACKAGES_DIFFER', message: `${differing} packages are not what they should be: declare the product illegitimate` } : undefined

export const secondPerson: Guard<SuspectCase> = ({ openedBy }, { subject }) =>
  openedBy === subject ? { code: 'SECOND_PERSON_NEEDED', message: 'who reported the product does not clear it' } : undefined

/** Suspect product is cleared, or found illegitimate: then the FDA and the partners are told within 24 hours. */
export const suspectCaseLifecycle = defineLifecycle<SuspectStatus, SuspectCase>({
  name: 'suspectCase',
  initial: 'INVESTIGATING',
  table: {
    INVESTIGATING: {
      clear: to('CLEARED', { by: keepers, when: [secondPerson, enoughVerified, nothingDiffers] }),
      declareIllegitimate: to('ILLEGITIMATE', { by: keepers }),
    },
    ILLEGITIMATE: { notify: to('NOTIFIED', { by: answerable }) },
    // the FDA has agreed that the notification may end (21 USC 360eee-1(d)(4)(B)(iv))
    NOTIFIED: { close: to('CLOSED', { by: answerable }) },
    CLEARED: {},
    CLOSED: {},
  },
  announce(em, actor, suspect, { to: status }) {
    if (status === 'ILLEGITIMATE') suspect.noticeDueAt = new Date(clock.now().getTime() + dayMs)
    if (status === 'NOTIFIED') suspect.noticedAt = clock.now()
    const { id: caseId, lotId, drugId, noticeDueAt } = suspect
    emit(em, actor, 'inventory.suspect-case-changed.v1', caseId, { caseId, lotId, drugId, status, noticeDueAt: noticeDueAt?.toISOString() ?? null })
  },
})
