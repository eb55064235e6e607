import { defineEntity, p } from '@mikro-orm/postgresql'

/** A message as it came, and what it was answered: a retry gets the same answer and changes nothing. */
export const IntakeMessageSchema = defineEntity({
  name: 'IntakeMessage',
  tableName: 'intake_message',
  properties: {
    id: p.uuid().primary(),
    /** Kind, sender and the sender's message id. */
    key: p.string().unique(),
    /** SHA-256 of the body, hex: the same id over another body is no retry. */
    bodyHash: p.string(),
    prescriptionId: p.uuid().nullable().index(),
    sealedFor: p.uuid().nullable(),
    /** The raw message, sealed; kept where it became a prescription. */
    sealed: p.text().nullable(),
    answerStatus: p.integer(),
    answer: p.text(),
    receivedAt: p.datetime(),
  },
})
export class IntakeMessage extends IntakeMessageSchema.class {}
IntakeMessageSchema.setClass(IntakeMessage)
