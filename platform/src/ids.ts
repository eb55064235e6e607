import { v7 } from 'uuid'

/** A new id: UUID version 7, so that ids sort by time and indexes stay compact. */
export const newId = (): string => v7()

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** True for the textual form of a UUID; anything else can be no id of ours. */
export const isId = (text: unknown): text is string => typeof text === 'string' && pattern.test(text)
