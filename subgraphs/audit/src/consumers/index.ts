import { readdirSync } from 'node:fs'
import { batched, effect, eventsFolder, type Actor, type CloudEvent, type Consumer, type EffectTools, type EventType } from '@pharmagraph/platform'
import { appendEntries } from '../commands/append-entries.ts'

/** Every event there is a contract for. */
const types = readdirSync(eventsFolder).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length) as EventType)

type Incoming = { event: CloudEvent; actor: Actor; transact: EffectTools<unknown>['transact'] }

/**
 * Events that arrive together are chained together, in one transaction. They come as effects, not as handlers, since a
 * handler has a transaction of its own. The chain is unique by event id: it is its own record of what came.
 */
const append = batched<Incoming>(async (incoming) => {
  const { actor, transact } = incoming[0]!
  await transact((em) => appendEntries(em, actor, incoming.map(({ event }) => event)))
})

export const consumers: Consumer[] = types.map((type) => effect(type, 'append-entry', (event, { actor, transact }) => append({ event, actor, transact }), { ownRecord: true }) as Consumer)
