import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const MessageThreadSchema = defineEntity({
  name: 'MessageThread',
  tableName: 'message_thread',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid().index(),
    prescriptionId: p.uuid().nullable(),
    lastMessageAt: p.datetime(),
  },
})
export class MessageThread extends MessageThreadSchema.class {}
MessageThreadSchema.setClass(MessageThread)

export const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    id: p.uuid().primary(),
    threadId: p.uuid().index(),
    patientId: p.uuid(),
    authorSubject: p.string(),
    authorRole: p.string(),
    /** JSON of { body }, under the patient's key. */
    sealed: p.text(),
    at: p.datetime().onCreate(() => clock.now()),
  },
})
export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message)
