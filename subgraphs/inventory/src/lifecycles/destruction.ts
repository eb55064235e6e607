import { defineLifecycle, to, type Guard, type Role } from '@pharmagraph/platform'
import type { Destruction, DestructionStatus } from '../entities/destruction.ts'

const witnesses: readonly Role[] = ['inventory', 'pharmacist', 'pharmacist-in-charge']
const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']

export const notWhoDestroys: Guard<Destruction> = ({ proposedBy }, { subject }) =>
  proposedBy === subject ? { code: 'SECOND_PERSON_NEEDED', message: 'the witness is another person than who destroys' } : undefined

export const destructionLifecycle = defineLifecycle<DestructionStatus, Destruction>({
  name: 'destruction',
  initial: 'PROPOSED',
  table: {
    PROPOSED: { witness: to('WITNESSED', { by: witnesses, when: [notWhoDestroys] }), withdraw: to('WITHDRAWN', { by: keepers }) },
    WITNESSED: {},
    WITHDRAWN: {},
  },
})
