/**
 * Who read which protected health information, refused attempts included (45 CFR 164.312(b)). Resolvers know nothing of
 * it: the fields marked @phi are watched as they are resolved, and the notes of one request are one event in the outbox.
 * The answer waits for its note, which is written together with those of other requests: no answer without a note.
 */
import { GraphQLError, defaultFieldResolver, getNamedType, isObjectType, type GraphQLFieldResolver, type GraphQLNamedType, type GraphQLSchema } from 'graphql'
import pg from 'pg'
import { roleOf, type Actor } from './actor.ts'
import { batched } from './batched.ts'
import { clock } from './clock.ts'
import { AppError } from './errors.ts'
import { checkEvent } from './events.ts'
import { isId, newId } from './ids.ts'
import { requestContext } from './request-context.ts'

export const accessEventType = 'audit.phi-read.v1'
const refusals = ['FORBIDDEN', 'NOT_FOUND', 'UNAUTHENTICATED']

/** What one request was shown and refused. */
export class Accesses {
  readonly #shown = new Map<string, Set<string>>()
  readonly #refused = new Map<string, Set<string>>()
  readonly #patients = new Set<string>()

  get empty(): boolean {
    return this.#shown.size === 0 && this.#refused.size === 0
  }

  /** `object`: of the type named; one that has no id is a part of another that was noted before. */
  show(type: string, object: Readonly<Record<string, unknown>>): void {
    const { id, patientId } = object
    if (typeof id === 'string') add(this.#shown, type, id)
    if (typeof patientId === 'string') this.#patients.add(patientId)
    if (type === 'Patient' && typeof id === 'string') this.#patients.add(id)
  }

  refuse(what: string, ids: readonly string[]): void {
    add(this.#refused, what, ...ids)
  }

  toData(): { shown: { type: string; ids: string[] }[]; patientIds: string[]; refused: { what: string; ids: string[] }[] } {
    return {
      shown: [...this.#shown].map(([type, ids]) => ({ type, ids: [...ids] })),
      patientIds: [...this.#patients],
      refused: [...this.#refused].map(([what, ids]) => ({ what, ids: [...ids] })),
    }
  }
}

function add(map: Map<string, Set<string>>, key: string, ...ids: readonly string[]): void {
  let known = map.get(key)
  if (!known) map.set(key, (known = new Set()))
  for (const id of ids) known.add(id)
}

const notesKey = Symbol('accesses')
type Watched = { [notesKey]?: Accesses }
export const withAccesses = <Context extends object>(context: Context, accesses: Accesses): Context => Object.assign(context, { [notesKey]: accesses })

/** Everything in a value, however deep, that is one of our ids; never another text. */
export function idsIn(value: unknown, found: string[] = []): string[] {
  if (typeof value === 'string') {
    if (isId(value)) found.push(value)
  } else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) idsIn(member, found)
  return found
}

/** The same for a text in which ids stand, such as a FHIR resource with its references. */
export const idsWithin = (text: string): string[] => text.match(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi) ?? []

const isRefusal = (error: unknown): boolean => {
  const known = error instanceof GraphQLError ? (error.originalError ?? error) : error
  return refusals.includes(String(known instanceof AppError ? known.code : (known as GraphQLError).extensions?.['code']))
}

/** Watches a schema: its @phi fields, its entities by reference, and its root fields. A schema without @phi stays as it is. */
export function watchAccesses(schema: GraphQLSchema): void {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType)
  const holdsPhi = new Set<string>()
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      if (!field.astNode?.directives?.some(({ name }) => name.value === 'phi')) continue
      holdsPhi.add(type.name)
      field.resolve = watched(field.resolve ?? defaultFieldResolver, {
        found: (accesses, value, source) => {
          // a root field has no object around it: what it gives is what was seen
          if (source) accesses.show(type.name, source as Record<string, unknown>)
          else for (const seen of [value].flat()) if (typeof seen === 'object' && seen !== null) accesses.show(`${type.name}.${field.name}`, seen as Record<string, unknown>)
        },
        refused: (accesses, source) => accesses.refuse(`${type.name}.${field.name}`, idsIn((source as { id?: unknown } | null)?.id)),
      })
    }
  }
  if (holdsPhi.size === 0) return

  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      if (field.name === '_service' || !field.resolve) continue
      if (field.name === '_entities') field.resolve = watchedEntities(field.resolve, holdsPhi)
      else {
        const refused = (accesses: Accesses, _source: unknown, args: unknown): void => accesses.refuse(`${root!.name}.${field.name}`, idsIn(args))
        const hidesPhi = root === schema.getQueryType() && reaches(getNamedType(field.type), holdsPhi)
        field.resolve = watched(field.resolve, { refused, ...(hidesPhi && { missing: refused }) })
      }
    }
  }
}

const reaches = (type: GraphQLNamedType, holdsPhi: ReadonlySet<string>): boolean => holdsPhi.has(type.name)

type Resolver = GraphQLFieldResolver<unknown, unknown>
type Note = (accesses: Accesses, source: unknown, args: unknown) => void
type Notes = { found?: (accesses: Accesses, value: unknown, source: unknown) => void; missing?: Note; refused: Note }

function watched(resolve: Resolver, { found, missing, refused }: Notes): Resolver {
  return (source, args, context, info) => {
    const accesses = (context as Watched)[notesKey]
    if (!accesses) return resolve(source, args, context, info)
    const seen = (value: unknown): unknown => {
      if (value === null || value === undefined) missing?.(accesses, source, args)
      else found?.(accesses, value, source)
      return value
    }
    const failed = (error: unknown): never => {
      if (isRefusal(error)) refused(accesses, source, args)
      throw error
    }
    try {
      const value: unknown = resolve(source, args, context, info)
      return value instanceof Promise ? value.then(seen, failed) : seen(value)
    } catch (error) {
      return failed(error)
    }
  }
}

/** A reference that leads to nothing is one the owner did not show. */
function watchedEntities(resolve: Resolver, holdsPhi: ReadonlySet<string>): Resolver {
  return (source, args, context, info) => {
    const accesses = (context as Watched)[notesKey]
    const entities = resolve(source, args, context, info) as readonly unknown[]
    if (!accesses || !Array.isArray(entities)) return entities
    const references = (args as { representations: readonly { __typename: string }[] }).representations
    return entities.map((entity: unknown, at) => {
      const reference = references[at]!
      if (!holdsPhi.has(reference.__typename)) return entity
      const refuse = (): void => accesses.refuse(reference.__typename, idsIn(reference))
      if (entity instanceof Promise) {
        return entity.then((value: unknown) => (value ?? refuse(), value), (error: unknown) => {
          if (isRefusal(error)) refuse()
          throw error
        })
      }
      if (entity === null || entity === undefined) refuse()
      return entity
    })
  }
}

export type AccessLog = {
  /** Resolves when the note is kept; nothing to note is no work. */
  keep(actor: Actor, operation: string, accesses: Accesses): Promise<void>
  stop(): Promise<void>
}

/**
 * Notes go to the outbox past the ORM: a connection of their own that does not wait for the disk at commit, so that they
 * slow no read and share no transaction. A crash of the process loses none; one of the database's machine may lose its
 * last half second.
 */
export function openAccessLog(databaseUrl: string): AccessLog {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, options: '-c synchronous_commit=off' })
  // a lost connection is found out by the next write
  pool.on('error', () => undefined)
  const insert = batched<object>(async (rows) => {
    await pool.query(
      `insert into outbox (event_id, type, subject, time, actor, actor_role, correlation_id, traceparent, data)
       select event_id, type, subject, time, actor, actor_role, correlation_id, traceparent, data
       from jsonb_to_recordset($1::jsonb) as note (event_id uuid, type text, subject text, time timestamptz, actor text, actor_role text, correlation_id text, traceparent text, data jsonb)`,
      [JSON.stringify(rows)],
    )
  })
  return {
    async keep(actor, operation, accesses) {
      if (accesses.empty) return
      const data = { operation, ...(actor.clientId !== undefined && { clientId: actor.clientId }), ...accesses.toData() }
      checkEvent(accessEventType, data)
      const { correlationId, traceparent } = requestContext()
      await insert({
        event_id: newId(), type: accessEventType, subject: actor.subject, time: clock.now(), actor: actor.subject, actor_role: roleOf(actor),
        correlation_id: correlationId, traceparent: traceparent ?? null, data,
      })
    },
    stop: () => pool.end(),
  }
}
