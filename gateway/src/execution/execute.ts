/** Runs a compiled plan: fetches, merges, and tells where in the answer something went wrong. */
import { GraphQLError } from 'graphql'
import { fromBytes, toBytes, type Bytes } from './bytes.ts'
import { merge, type Contexts, type Fetch, type Step } from './plan.ts'
import type { Raw } from './project.ts'
import { SubgraphUnavailable, type SubgraphData, type SubgraphError, type SubgraphResponse } from './subgraphs.ts'

/** Sends one request of the plan; the caller adds who asks. `kind` is the same for all requests of one fetch, whatever their variables. */
export type Send = (service: string, body: Bytes, idempotent: boolean, kind?: unknown) => Promise<SubgraphResponse>

export type Run = {
  readonly raw: Raw
  readonly variables: Readonly<Record<string, unknown>>
  readonly send: Send
  readonly errors: GraphQLError[]
  /** Services that gave no answer in this run. */
  readonly unavailable: Set<string>
  /** Told how many objects a fetch is to add to; throws where that alone is more than the operation may return. */
  readonly mayFetch: ((objects: number) => void) | undefined
  /** Entities that a service does not show, without an error: what it was asked for is not found. */
  readonly absent: Absent
}
export type Absent = Map<Raw, { readonly service: string; readonly keys: readonly string[] }[]>

export const newRun = (raw: Raw, variables: Readonly<Record<string, unknown>>, send: Send, mayFetch?: Run['mayFetch']): Run =>
  ({ raw, variables, send, mayFetch, errors: [], unavailable: new Set(), absent: new Map() })

export async function runStep(step: Step, run: Run): Promise<void> {
  switch (step.kind) {
    case 'sequence':
      for (const child of step.steps) await runStep(child, run)
      return
    case 'parallel':
      await Promise.all(step.steps.map((child) => runStep(child, run)))
      return
    case 'fetch':
      return fetchOne(step.fetch, step, run)
    case 'merged':
      return fetchEntities(step.fetches.map((fetch) => want(fetch, run)), step.head, step.variables, step, run)
  }
}

function fetchOne(fetch: Fetch, step: Step, run: Run): Promise<void> {
  if (!fetch.represent) return fetchRoot(fetch, step, run)
  if (!fetch.contexts) return fetchEntities([want(fetch, run)], fetch.head, fetch.variables, step, run)
  const groups = wantInContext(fetch, fetch.contexts, run)
  return fetchEntities(groups, fetch.contexts.head(groups.length), fetch.variables, step, run)
}

async function fetchRoot(fetch: Fetch, step: Step, run: Run): Promise<void> {
  const objects = find(run.raw, fetch.path)
  if (objects.length === 0) return
  const answer = await send(fetch.service, `${fetch.head}${variablesOf(fetch.variables, run.variables)}}`, fetch.idempotent, step, run)
  const paths = (): Path[] => located(run.raw, fetch.path).map(({ path }) => path)
  if (!answer) return fail(fetch, paths(), run)
  const { data, errors = [] } = answer
  for (const error of errors) {
    if (!error.path) failWith(fetch, paths(), run, (path) => subgraphError(error, fetch.service, path))
    else for (const path of paths()) run.errors.push(subgraphError(error, fetch.service, [...path, ...error.path]))
  }
  if (!data) return
  fetch.fixOutput?.(data)
  for (const [at, object] of objects.entries()) merge(object, fetch.copies && at > 0 ? structuredClone(data) : data)
}

/** What one fetch asks for: each different entity once. */
type Wanted = {
  readonly fetch: Fetch
  readonly objects: readonly Raw[]
  /** Values of the fetch's contexts. */
  readonly context?: readonly unknown[]
  readonly representations: readonly string[]
  /** For each object which representation is its own, -1 where it has none. */
  readonly slots: readonly number[]
}

/** One request to one service. */
async function fetchEntities(wanted: readonly Wanted[], head: string, variables: readonly string[], step: Step, run: Run): Promise<void> {
  const alone = wanted.length === 1
  let lists = ''
  let count = 0
  for (let index = 0; index < wanted.length; index++) {
    const { fetch, representations, context } = wanted[index]!
    const suffix = alone ? '' : `_${index}`
    count += representations.length
    lists += `${index === 0 ? '' : ','}"representations${suffix}":[${representations.join(',')}]`
    if (context) for (const [at, value] of context.entries()) if (value !== undefined) lists += `,"${fetch.contexts!.names[at]!}${suffix}":${JSON.stringify(value)}`
  }
  if (count === 0) return
  const own = variables.length === 0 ? '{}' : variablesOf(variables, run.variables)
  const body = `${head}${own === '{}' ? `{${lists}}` : `${own.slice(0, -1)},${lists}}`}}`
  const { service, idempotent } = wanted[0]!.fetch
  const answer = await send(service, body, idempotent, step, run)
  if (!answer) {
    for (const one of wanted) fail(one.fetch, pathsOf(one, run), run)
    return
  }
  const nameOf = (index: number): string => (alone ? '_entities' : `_${index}`)
  const { data, errors } = answer
  if (errors) {
    for (const error of errors) {
      const [name, entity] = error.path ?? []
      const index = wanted.findIndex((_, index) => nameOf(index) === name)
      const paths = index >= 0 && typeof entity === 'number' ? pathsOf(wanted[index]!, run, entity) : []
      if (paths.length > 0) for (const path of paths) run.errors.push(subgraphError(error, service, [...path, ...error.path!.slice(2)]))
      else for (const one of index < 0 ? wanted : [wanted[index]!]) failWith(one.fetch, pathsOf(one, run), run, (path) => subgraphError(error, service, path))
    }
  }
  for (let index = 0; index < wanted.length; index++) {
    const { fetch, objects, slots, representations } = wanted[index]!
    const entities = data?.[nameOf(index)]
    if (!Array.isArray(entities) || entities.length !== representations.length) continue
    fetch.fixOutput?.(entities)
    if (fetch.asInterface !== undefined) for (const entity of entities as (Raw | null)[]) if (entity?.['__typename'] === fetch.asInterface) delete entity['__typename']
    const given = fetch.copies ? new Set<Raw>() : undefined
    for (let at = 0; at < objects.length; at++) {
      const entity: Raw | null | undefined = entities[slots[at]!]
      if (!entity) {
        if (entity === null) run.absent.set(objects[at]!, [...(run.absent.get(objects[at]!) ?? []), { service, keys: fetch.keys }])
        continue
      }
      merge(objects[at]!, given?.has(entity) ? structuredClone(entity) : entity)
      given?.add(entity)
    }
  }
}

function want(fetch: Fetch, run: Run): Wanted {
  const objects = find(run.raw, fetch.path)
  run.mayFetch?.(objects.length)
  return wantFor(fetch, objects)
}

function wantFor(fetch: Fetch, objects: readonly Raw[], context?: readonly unknown[]): Wanted {
  const indexes = new Map<string, number>()
  const representations: string[] = []
  const slots: number[] = new Array(objects.length)
  for (let at = 0; at < objects.length; at++) {
    const text = fetch.represent!(objects[at]!)
    let slot = text === undefined ? -1 : indexes.get(text)
    if (slot === undefined) {
      slot = representations.push(text!) - 1
      indexes.set(text!, slot)
    }
    slots[at] = slot
  }
  return { fetch, objects, representations, slots, ...(context && { context }) }
}

/** One group for each different set of values that the objects around the entities give their fields. */
function wantInContext(fetch: Fetch, contexts: Contexts, run: Run): Wanted[] {
  const places = located(run.raw, fetch.path)
  run.mayFetch?.(places.length)
  const groups = new Map<string, { readonly objects: Raw[]; readonly context: readonly unknown[] }>()
  for (const { object, around } of places) {
    const context = contexts.read(around)
    const identity = JSON.stringify(context.map((value) => (value === undefined ? [] : [value])))
    const group = groups.get(identity)
    if (group) group.objects.push(object)
    else groups.set(identity, { objects: [object], context })
  }
  return [...groups.values()].map(({ objects, context }) => wantFor(fetch, objects, context)).filter(({ representations }) => representations.length > 0)
}

export function variablesOf(names: readonly string[], given: Readonly<Record<string, unknown>>): string {
  if (names.length === 0) return '{}'
  const variables = Object.create(null) as Record<string, unknown>
  for (const name of names) if (given[name] !== undefined) variables[name] = given[name]
  return JSON.stringify(variables)
}

/** Undefined when the service gave no answer. */
async function send(service: string, body: string, idempotent: boolean, step: Step, run: Run): Promise<SubgraphData | undefined> {
  try {
    const answer = await run.send(service, toBytes(body), idempotent, step)
    return 'text' in answer ? parsed(service, answer.text) : answer
  } catch (error) {
    if (!(error instanceof SubgraphUnavailable)) throw error
    run.unavailable.add(service)
    return undefined
  }
}

function parsed(service: string, text: Bytes): SubgraphData {
  try {
    return JSON.parse(fromBytes(text)) as SubgraphData
  } catch (error) {
    throw new SubgraphUnavailable(service, error)
  }
}

const fail = (fetch: Fetch, paths: readonly Path[], run: Run): void =>
  failWith(fetch, paths, run, (path) => new GraphQLError(`the service "${fetch.service}" is not available`, { path, extensions: { code: 'SUBGRAPH_UNAVAILABLE', serviceName: fetch.service } }))

/** A failed fetch for a long list is told for the first places only. */
const maxPlaces = 20

function failWith(fetch: Fetch, paths: readonly Path[], run: Run, error: (path: Path) => GraphQLError): void {
  for (const path of paths.slice(0, maxPlaces)) for (const key of fetch.keys) run.errors.push(error([...path, key]))
}

function subgraphError(error: SubgraphError, service: string, path: Path): GraphQLError {
  const { stacktrace: _, exception: __, ...extensions } = error.extensions ?? {}
  const code = extensions['code']
  // without a code of its own it is a fault, whose text may name what clients should not see
  const foreseen = typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR'
  return new GraphQLError(foreseen ? (error.message ?? code) : `the service "${service}" failed`, {
    path,
    extensions: { ...extensions, code: foreseen ? code : 'INTERNAL', serviceName: service },
  })
}

/** All objects at a path; '@' goes through a list. */
function find(raw: Raw, path: readonly string[]): Raw[] {
  let objects: Raw[] = [raw]
  for (const part of path) {
    const next: Raw[] = []
    for (const object of objects) {
      if (part !== '@') {
        const value = object[part]
        if (isObject(value)) next.push(value)
      } else if (Array.isArray(object)) {
        for (const item of object) if (isObject(item)) next.push(item)
      }
    }
    objects = next
  }
  return objects
}

type Path = readonly (string | number)[]

/** An object, the way to it, and the objects on that way: the root first, itself last, without the lists. */
type Located = { readonly object: Raw; readonly path: Path; readonly around: readonly Raw[] }

/** The same walk with the way to each object; only errors and contexts need it. */
function located(raw: Raw, path: readonly string[]): Located[] {
  let found: Located[] = [{ object: raw, path: [], around: [raw] }]
  for (const part of path) {
    found = found.flatMap(({ object, path, around }) => {
      const entries: [string | number, unknown][] = part !== '@' ? [[part, object[part]]] : Array.isArray(object) ? [...object.entries()] : []
      return entries.flatMap(([key, value]) => (isObject(value) ? [{ object: value, path: [...path, key], around: Array.isArray(value) ? around : [...around, value] }] : []))
    })
  }
  return found
}

/** Where the objects are that one entity, or any, is wanted for. */
function pathsOf({ fetch, objects, slots }: Wanted, run: Run, entity?: number): Path[] {
  const slotOf = new Map(objects.map((object, at) => [object, slots[at]!]))
  return located(run.raw, fetch.path).flatMap(({ object, path }) => {
    const slot = slotOf.get(object) ?? -1
    return slot >= 0 && (entity === undefined || slot === entity) ? [path] : []
  })
}

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null
