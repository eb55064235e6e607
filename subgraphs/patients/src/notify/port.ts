/** Channels we can send by. PUSH is a preference only, until devices can be registered. */
export const sendable = ['EMAIL', 'SMS'] as const
export type SendableChannel = (typeof sendable)[number]

export type OutgoingMessage = {
  /** The service sends a message of one id once, however often it is handed over. */
  id: string
  channel: SendableChannel
  /** E-mail address or E.164 number. */
  to: string
  subject: string
  text: string
}

/** What we need of the mail and SMS services. Throws UNAVAILABLE when it may be tried again. */
export type Notifier = { send(message: OutgoingMessage): Promise<void> }
