/** Runs a compiled plan: fetches, merges, and tells where in the answer something went wrong. */
import { GraphQLError } from 'graphql'
import { merge, type Fetch, type Step } from './plan.ts'
import type { Raw } from './project.ts'
import { SubgraphUnavailable, type SubgraphError, type SubgraphResponse } from './subgraphs.ts'

/** Sends one request of the plan; the caller adds who asks. */
export type Send = (service: string, body: string, idempotent: boolean) => Promise<SubgraphResponse>

export type Run = {
  readonly raw: Raw
  readonly variables: Readonly<Record<string, unknown>>
  readonly send: Send
  readonly errors: GraphQLError[]
  /** Services that gave no answer in this run. */
  readonly unavailable: Set<string>
}

export const newRun = (raw: Raw, variables: Readonly<Record<string, unknown>>, send: Send): Run => ({ raw, variables, send, errors: [], unavailable: new Set() })

export async function runStep(step: Step, run: Run): Promise<void> {
  switch (step.kind) {
    case 'sequence':
      for (const child of step.steps) await runStep(child, run)
      return
    case 'parallel':
      await Promise.all(step.steps.map((child) => runStep(child, run)))
      return
    case 'fetch':
      return step.fetch.represent ? fetchEntities([step.fetch], step.fetch.head, step.fetch.variables, run) : fetchRoot(step.fetch, run)
    case 'merged':
      return fetchEntities(step.fetches, step.head, step.variables, run)
  }
}

/** An object of the answer, with its way from the root. */
type Place = { readonly object: Raw; readonly key: string | number | undefined; readonly parent: Place | undefined }

async function fetchRoot(fetch: Fetch, run: Run): Promise<void> {
  const places = find(run.raw, fetch.path)
  if (places.length === 0) return
  const { data, errors = [] } = await send(fetch.service, `${fetch.head}${variablesOf(fetch.variables, run)}}`, fetch.idempotent, run, () => fail(fetch, places, run))
  for (const error of errors) {
    if (!error.path) failWith(fetch, places, run, (path) => subgraphError(error, fetch.service, path))
    else for (const place of places) run.errors.push(subgraphError(error, fetch.service, [...pathOf(place), ...error.path]))
  }
  if (!data) return
  fetch.fixOutput?.(data)
  for (const { object } of places) merge(object, data)
}

/** What one fetch asks for: each different entity once, with all the places it is wanted. */
type Wanted = { readonly fetch: Fetch; readonly representations: string[]; readonly places: Place[][] }

async function fetchEntities(fetches: readonly Fetch[], head: string, variables: readonly string[], run: Run): Promise<void> {
  const wanted = fetches.map((fetch) => want(fetch, run))
  if (wanted.every(({ places }) => places.length === 0)) return
  const alone = wanted.length === 1
  const nameOf = (base: string, index: number): string => (alone ? base : base === '_entities' ? `_${index}` : `${base}_${index}`)
  const lists = wanted.map(({ representations }, index) => `"${nameOf('representations', index)}":[${representations.join(',')}]`).join(',')
  const own = variablesOf(variables, run)
  const body = `${head}${own === '{}' ? `{${lists}}` : `${own.slice(0, -1)},${lists}}`}}`
  const { service, idempotent } = fetches[0]!
  const { data, errors = [] } = await send(service, body, idempotent, run, () => {
    for (const { fetch, places } of wanted) fail(fetch, places.flat(), run)
  })
  for (const error of errors) {
    const [name, entity] = error.path ?? []
    const index = wanted.findIndex((_, index) => nameOf('_entities', index) === name)
    const places = typeof entity === 'number' ? wanted[index]?.places[entity] : undefined
    if (places) for (const place of places) run.errors.push(subgraphError(error, service, [...pathOf(place), ...error.path!.slice(2)]))
    else for (const { fetch, places } of index < 0 ? wanted : [wanted[index]!]) failWith(fetch, places.flat(), run, (path) => subgraphError(error, service, path))
  }
  for (const [index, { fetch, places }] of wanted.entries()) {
    const entities = data?.[nameOf('_entities', index)]
    if (!Array.isArray(entities) || entities.length !== places.length) continue
    fetch.fixOutput?.(entities)
    entities.forEach((entity: Raw | null, position) => {
      if (entity !== null) for (const { object } of places[position]!) merge(object, entity)
    })
  }
}

function want(fetch: Fetch, run: Run): Wanted {
  const indexes = new Map<string, number>()
  const wanted: Wanted = { fetch, representations: [], places: [] }
  for (const place of find(run.raw, fetch.path)) {
    const representation = fetch.represent!(place.object)
    if (!representation) continue
    fetch.fixInput?.(representation)
    const text = JSON.stringify(representation)
    const index = indexes.get(text)
    if (index !== undefined) {
      wanted.places[index]!.push(place)
    } else {
      indexes.set(text, wanted.places.length)
      wanted.places.push([place])
      wanted.representations.push(text)
    }
  }
  return wanted
}

function variablesOf(names: readonly string[], run: Run): string {
  if (names.length === 0) return '{}'
  const variables = Object.create(null) as Record<string, unknown>
  for (const name of names) if (run.variables[name] !== undefined) variables[name] = run.variables[name]
  return JSON.stringify(variables)
}

async function send(service: string, body: string, idempotent: boolean, run: Run, onUnavailable: () => void): Promise<SubgraphResponse> {
  try {
    return await run.send(service, body, idempotent)
  } catch (error) {
    if (!(error instanceof SubgraphUnavailable)) throw error
    run.unavailable.add(service)
    onUnavailable()
    return {}
  }
}

const fail = (fetch: Fetch, places: readonly Place[], run: Run): void =>
  failWith(fetch, places, run, (path) => new GraphQLError(`the service "${fetch.service}" is not available`, { path, extensions: { code: 'SUBGRAPH_UNAVAILABLE', serviceName: fetch.service } }))

/** A failed fetch for a long list is told for the first places only. */
const maxPlaces = 20

function failWith(fetch: Fetch, places: readonly Place[], run: Run, error: (path: readonly (string | number)[]) => GraphQLError): void {
  for (const place of places.slice(0, maxPlaces)) for (const key of fetch.keys) run.errors.push(error([...pathOf(place), key]))
}

function subgraphError(error: SubgraphError, service: string, path: readonly (string | number)[]): GraphQLError {
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
function find(raw: Raw, path: readonly string[]): Place[] {
  let places: Place[] = [{ object: raw, key: undefined, parent: undefined }]
  for (const part of path) {
    const next: Place[] = []
    for (const parent of places) {
      const { object } = parent
      if (part !== '@') {
        const value = object[part]
        if (isObject(value)) next.push({ object: value, key: part, parent })
      } else if (Array.isArray(object)) {
        for (let key = 0; key < object.length; key++) if (isObject(object[key])) next.push({ object: object[key], key, parent })
      }
    }
    places = next
  }
  return places
}

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = []
  for (let at: Place | undefined = place; at; at = at.parent) if (at.key !== undefined) path.unshift(at.key)
  return path
}

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null
