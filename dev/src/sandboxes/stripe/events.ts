import type { Account } from './account.ts'
import { missing } from './errors.ts'
import { LIST_PARAMS, listOf } from './lists.ts'
import type { Event, List } from './objects.ts'
import type { Params } from './params.ts'

export const EVENT_LIST_PARAMS = [...LIST_PARAMS, 'type', 'types']

export function retrieveEvent(account: Account, _params: Params, id: string): Event {
  const event = account.event(id)
  if (!event) throw missing('event', id, 'id', 404)
  return event
}

export function listEvents(account: Account, params: Params): List<Event> {
  const type = params.text('type')
  const types = params.list('types') ?? (type ? [type] : undefined)
  const list = listOf('/v1/events', account.events.all(), params, (event) =>
    types === undefined || types.some((wanted) => wanted === event.type || (wanted.endsWith('*') && event.type.startsWith(wanted.slice(0, -1)))))
  return { ...list, data: list.data.map((event) => account.event(event.id) ?? event) }
}
