/**
 * What the gateway itself refuses never reaches a subgraph, so its attempts are noted here, as the subgraphs note theirs:
 * an event `audit.phi-read.v1` for the audit chain. Told to the broker without waiting; while it is away the last ones wait.
 */
import { Kind, type DocumentNode, type SelectionSetNode } from 'graphql'
import type { GraphQLError } from 'graphql'
import { accessEventType, idsIn } from '@pharmagraph/platform/accesses.ts'
import { roleOf } from '@pharmagraph/platform/actor.ts'
import { checkEvent, subjectOf } from '@pharmagraph/platform/events.ts'
import { newId } from '@pharmagraph/platform/ids.ts'
import type { Broker } from '@pharmagraph/platform/nats.ts'
import type { Trace } from '../callers.ts'
import type { Peers } from './peers.ts'
import type { Session } from './sessions.ts'

export type NoteRefusals = (session: Session, trace: Trace, attempt: { operation: string; document: DocumentNode; variables: unknown; errors: readonly GraphQLError[] }) => void

/** A broker that is away longer than this many refusals loses the oldest; the metrics still count them. */
const maxWaiting = 10_000

export function createRefusalNotes(peers: Peers): NoteRefusals {
  let broker: Broker | undefined
  let waiting: { subject: string; id: string; text: string }[] = []
  let telling = false
  const tell = async (): Promise<void> => {
    if (telling || !broker) return
    telling = true
    try {
      while (waiting[0]) {
        const { subject, id, text } = waiting[0]
        await broker.jetstream.publish(subject, text, { msgID: id })
        waiting.shift()
      }
    } catch {
      // told again when the broker is back, or with the next
    } finally {
      telling = false
    }
  }
  peers.onReach(async (reached) => {
    broker = reached
    await tell()
  })

  return ({ actor }, { correlationId, traceparent }, { operation, document, variables, errors }) => {
    // a refusal of a subgraph names it, and is noted there
    const own = errors.filter(({ extensions }) => extensions['code'] === 'FORBIDDEN' && extensions['serviceName'] === undefined)
    if (own.length === 0) return
    const ids = [...new Set(idsIn(variables))]
    const places = new Set(own.map(({ path }) => fieldsAt(document, path ?? [])))
    const data = { operation, ...(actor.clientId !== undefined && { clientId: actor.clientId }), shown: [], patientIds: [], refused: [...places].map((what) => ({ what, ids })) }
    checkEvent(accessEventType, data)
    const id = newId()
    const event = {
      specversion: '1.0', id, source: '/pharmagraph/gateway', type: accessEventType, subject: actor.subject, time: new Date().toISOString(), datacontenttype: 'application/json',
      actor: actor.subject, actorrole: roleOf(actor), correlationid: correlationId, traceparent, data,
    }
    if (waiting.push({ subject: subjectOf(accessEventType, actor.subject), id, text: JSON.stringify(event) }) > maxWaiting) waiting = waiting.slice(-maxWaiting)
    void tell()
  }
}

/** The place of an error by field names: aliases are a client's own words. */
function fieldsAt(document: DocumentNode, path: readonly (string | number)[]): string {
  const names: string[] = []
  let sets = document.definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [node.selectionSet] : []))
  const within = (set: SelectionSetNode): SelectionSetNode['selections'] => set.selections.flatMap((node) => {
    if (node.kind === Kind.INLINE_FRAGMENT) return within(node.selectionSet)
    if (node.kind !== Kind.FRAGMENT_SPREAD) return [node]
    const fragment = document.definitions.find((definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === node.name.value)
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? within(fragment.selectionSet) : []
  })
  for (const key of path.filter((part) => typeof part === 'string')) {
    const fields = sets.flatMap(within).flatMap((node) => (node.kind === Kind.FIELD && (node.alias ?? node.name).value === key ? [node] : []))
    if (!fields[0]) break
    names.push(fields[0].name.value)
    sets = fields.flatMap(({ selectionSet }) => selectionSet ?? [])
  }
  return names.join('.')
}
