/**
 * Lifecycles are data: `{ STATE: { verb: to('NEXT', { by, when }) } }`. One table drives what may happen, the
 * `allowedActions` clients read, the history rows, the diagram in the README and the test that walks it.
 */
import { type Actor, type Role, hasRole, roleOf } from './actor.ts'
import { AppError, forbidden } from './errors.ts'
import { clock } from './clock.ts'
import { requestContext } from './request-context.ts'
import { TransitionRow } from './tables.ts'
import type { EntityManager } from './orm.ts'

/** A guard answers undefined when the way is free, else why not. */
export type Guard<Subject> = (subject: Subject, actor: Actor) => { code: string; message: string } | undefined

export type Step<State extends string, Subject> = {
  readonly next: State
  readonly by: readonly Role[]
  readonly when: readonly Guard<Subject>[]
}

/** One arrow of the table. `by`: roles that may walk it. `when`: named guards, all must be free. */
export const to = <State extends string, Subject>(
  next: State,
  { by, when = [] }: { by: readonly Role[]; when?: readonly Guard<Subject>[] },
): Step<State, Subject> => ({ next, by, when })

export type Table<State extends string, Subject> = Record<State, Record<string, Step<State, Subject>>>

export type Transition<State extends string> = { from: State; to: State; verb: string; reason?: string }

export type Lifecycle<State extends string, Subject> = {
  readonly name: string
  readonly initial: State
  readonly table: Table<State, Subject>
  /** What the rest of the system is told, in the same transaction. */
  readonly announce?: (em: EntityManager, actor: Actor, subject: Subject, transition: Transition<State>) => void
}

type Living<State extends string> = { id: string; status: State }

/** Checks the table when the process starts: every target is known and every state can be reached. */
export function defineLifecycle<State extends string, Subject extends Living<State>>(
  lifecycle: Lifecycle<State, Subject>,
): Lifecycle<State, Subject> {
  const { name, initial, table } = lifecycle
  const reached = new Set<State>([initial])
  for (const state of reached) {
    for (const [verb, step] of Object.entries(table[state] as Record<string, Step<State, Subject>>)) {
      if (!(step.next in table)) throw new Error(`lifecycle ${name}: ${state} –${verb}→ ${step.next} leads nowhere`)
      reached.add(step.next)
    }
  }
  const lost = Object.keys(table).filter((state) => !reached.has(state as State))
  if (lost.length) throw new Error(`lifecycle ${name}: no way leads to ${lost.join(', ')}`)
  return lifecycle
}

/** Verbs the actor may use on the subject now. */
export function allowedActions<State extends string, Subject extends Living<State>>(
  { table }: Lifecycle<State, Subject>,
  subject: Subject,
  actor: Actor,
): string[] {
  return Object.entries(table[subject.status] as Record<string, Step<State, Subject>>)
    .filter(([, step]) => hasRole(actor, ...step.by) && step.when.every((guard) => guard(subject, actor) === undefined))
    .map(([verb]) => verb)
}

/**
 * Walks one arrow: sets `status`, writes the history row and announces it, all in the caller's transaction.
 * Throws TRANSITION_REFUSED with what is allowed instead, FORBIDDEN for the wrong role, or the guard's own code.
 */
export function apply<State extends string, Subject extends Living<State>>(
  em: EntityManager,
  actor: Actor,
  lifecycle: Lifecycle<State, Subject>,
  subject: Subject,
  verb: string,
  options: { reason?: string } = {},
): Transition<State> {
  const step = (lifecycle.table[subject.status] as Record<string, Step<State, Subject>>)[verb]
  if (!step) {
    throw new AppError('TRANSITION_REFUSED', `${verb} is not possible while the ${lifecycle.name} is ${subject.status}`, {
      allowed: allowedActions(lifecycle, subject, actor),
    })
  }
  if (!hasRole(actor, ...step.by)) throw forbidden(`${roleOf(actor)} may not ${verb} a ${lifecycle.name}`)
  for (const guard of step.when) {
    const refusal = guard(subject, actor)
    if (refusal) {
      throw new AppError(refusal.code, refusal.message, { allowed: allowedActions(lifecycle, subject, actor) }, { problem: 'TransitionRefused', http: 409 })
    }
  }
  const transition: Transition<State> = {
    from: subject.status,
    to: step.next,
    verb,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  }
  subject.status = step.next
  em.persist(historyRow(lifecycle.name, subject.id, transition, actor))
  lifecycle.announce?.(em, actor, subject, transition)
  return transition
}

/** The first history row of a new subject, from nothing to its initial state; announces it as well. */
export function begin<State extends string, Subject extends Living<State>>(
  em: EntityManager,
  actor: Actor,
  lifecycle: Lifecycle<State, Subject>,
  subject: Subject,
  verb = 'begin',
): void {
  const transition: Transition<State> = { from: '' as State, to: subject.status, verb }
  em.persist(historyRow(lifecycle.name, subject.id, transition, actor))
  lifecycle.announce?.(em, actor, subject, transition)
}

function historyRow(machine: string, subjectId: string, { from, to: next, verb, reason }: Transition<string>, actor: Actor): TransitionRow {
  const row = new TransitionRow()
  Object.assign(row, {
    machine, subjectId, from, to: next, verb, reason: reason ?? null,
    actor: actor.subject, actorRole: roleOf(actor), correlationId: requestContext().correlationId, at: clock.now(),
  })
  return row
}

/** The table as a Mermaid state diagram, for the README. */
export function diagram<State extends string, Subject>({ initial, table }: Lifecycle<State, Subject>): string {
  const lines = ['stateDiagram-v2', `  [*] --> ${initial}`]
  for (const [state, verbs] of Object.entries(table) as [string, Record<string, Step<State, Subject>>][]) {
    for (const [verb, { next }] of Object.entries(verbs)) lines.push(`  ${state} --> ${next}: ${verb}`)
    if (Object.keys(verbs).length === 0) lines.push(`  ${state} --> [*]`)
  }
  return lines.join('\n')
}
