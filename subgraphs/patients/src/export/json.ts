import type { Correspondence, PatientRecord } from '../reads/patient-record.ts'

/** All we keep of a patient in words of our own graph, history included; no hashes, no sealed texts. */
export function exportAsJson({ patient, insurance, allergies, conditions, consents }: PatientRecord, { caregivers, threads, notifications, disclosures }: Correspondence): object {
  const { id, given, family, dateOfBirth, sex, email, phone, preferredLanguage, channels, quietFrom, quietTo, timeZone, registeredAt } = patient
  return {
    patient: { id, given, family, dateOfBirth, sex, email, phone, preferredLanguage, registeredAt },
    notificationPreferences: { channels, quietFrom, quietTo, timeZone },
    insurance: insurance.map(({ payer, memberId, groupNumber, bin, pcn, relationship, endedAt }) => ({ payer, memberId, groupNumber, bin, pcn, relationship, endedAt })),
    allergies: allergies.map(({ substance, reaction, severity, recordedAt, endedAt }) => ({ substance, reaction, severity, recordedAt, endedAt })),
    conditions: conditions.map(({ code, endedAt }) => ({ code, endedAt })),
    consents: consents.map(({ purpose, version, granted, policyVersion, at }) => ({ purpose, version, granted, policyVersion, at })),
    caregivers: caregivers.map(({ name, relationship, scopes, status, since }) => ({ name, relationship, scopes, status, since })),
    threads: threads.map((thread) => ({ id: thread.id, prescriptionId: thread.prescriptionId, messages: thread.messages.map(({ authorRole, body, at }) => ({ authorRole, body, at })) })),
    notifications: notifications.map(({ template, channel, status, reason, reference, createdAt, sentAt }) => ({ template, channel, status, reason, reference, createdAt, sentAt })),
    disclosures: disclosures.map(({ at, recipient, what, purpose, consentVersion }) => ({ at, recipient, what, purpose, consentVersion })),
  }
}
