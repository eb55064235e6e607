/** Rows with their sealed part opened: what resolvers give out. */
import { AppError, type EntityManager, type Vault } from '@pharmagraph/platform'
import type { Delegation, DelegationDetails } from './entities/delegation.ts'
import { Patient, type Identity } from './entities/patient.ts'

type SealedRow = { id: string; patientId: string; sealed: string }

/** Opens rows of any number of patients with one statement for their keys; rows of erased patients are left out. */
export async function openAll<Row extends SealedRow, Details>(em: EntityManager, vault: Vault, rows: readonly Row[]): Promise<(Row & Details)[]> {
  if (rows.length === 0) return []
  await vault.preload(em, rows.map(({ patientId }) => patientId))
  const opened = await Promise.all(rows.map(async (row) => {
    const details = await unlessErased(vault.open<Details>(em, row.patientId, row.sealed))
    return details && { ...row, ...details }
  }))
  return opened.filter((row) => row !== undefined)
}

export type OpenedPatient = Omit<Patient, 'sealed'> & Identity

export async function openPatients(em: EntityManager, vault: Vault, patients: readonly Patient[]): Promise<OpenedPatient[]> {
  return openAll<Patient & SealedRow, Identity>(em, vault, patients.map((patient) => ({ ...patient, patientId: patient.id })))
}

export async function openPatient(em: EntityManager, vault: Vault, patient: Patient): Promise<OpenedPatient> {
  return { ...patient, ...(await vault.open<Identity>(em, patient.id, patient.sealed)) }
}

/** Rows of before the relationship was sealed hold it beside. */
export async function openDelegation(em: EntityManager, vault: Vault, { patientId, sealed, relationship }: Delegation): Promise<DelegationDetails> {
  return { ...(relationship ? { relationship } : {}), ...(await vault.open<DelegationDetails>(em, patientId, sealed)) }
}

const unlessErased = <T>(opening: Promise<T>): Promise<T | undefined> =>
  opening.catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'ERASED') return undefined
    throw error
  })
