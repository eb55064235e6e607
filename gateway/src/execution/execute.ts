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
      return runFetch(step.fetch, run)
  }
}

type At = { readonly object: Raw; readonly path: readonly (string | number)[] }

async function runFetch(fetch: Fetch, run: Run): Promise<void> {
  const places = find(run.raw, fetch.path)
  if (places.length === 0) return
  const variables = Object.create(null) as Record<string, unknown>
  for (const name of fetch.variables) if (run.variables[name] !== undefined) variables[name] = run.variables[name]

  const { represent } = fetch
  if (!represent) {
    const { data } = await send(fetch, JSON.stringify(variables), run, () => places.map(({ path }) => path), 0)
    if (!data) return
    fetch.fixOutput?.(data)
    for (const { object } of places) merge(object, data)
    return
  }

  // an entity that appears many times is asked for once
  const indexes = new Map<string, number>()
  const placesOf: At[][] = []
  for (const place of places) {
    const representation = represent(place.object)
    if (!representation) continue
    fetch.fixInput?.(representation)
    const text = JSON.stringify(representation)
    const index = indexes.get(text)
    if (index !== undefined) {
      placesOf[index]!.push(place)
    } else {
      indexes.set(text, placesOf.length)
      placesOf.push([place])
    }
  }
  if (placesOf.length === 0) return
  const list = `[${[...indexes.keys()].join(',')}]`
  const own = JSON.stringify(variables)
  const sent = own === '{}' ? `{"representations":${list}}` : `${own.slice(0, -1)},"representations":${list}}`
  const { data } = await send(fetch, sent, run, (index) => (index === undefined ? placesOf.flat() : (placesOf[index] ?? [])).map(({ path }) => path), 2)
  const entities = data?.['_entities']
  if (!Array.isArray(entities) || entities.length !== placesOf.length) return
  fetch.fixOutput?.(entities)
  entities.forEach((entity: Raw | null, index) => {
    if (entity === null) return
    for (const { object } of placesOf[index]!) merge(object, entity)
  })
}

/** `pathsOf` gives the places a subgraph's error belongs to; its own path counts from element `skip`. */
async function send(
  fetch: Fetch, variables: string, run: Run, pathsOf: (entity: number | undefined) => (readonly (string | number)[])[], skip: number,
): Promise<SubgraphResponse> {
  const everywhere = (error: (path: readonly (string | number)[]) => GraphQLError): void => {
    for (const path of pathsOf(undefined).slice(0, maxPlaces)) for (const key of fetch.keys) run.errors.push(error([...path, key]))
  }
  try {
    const response = await run.send(fetch.service, `${fetch.head}${variables}}`, fetch.idempotent)
    for (const error of response.errors ?? []) {
      const entity = skip === 0 ? undefined : error.path?.[1]
      if (!error.path || (skip > 0 && typeof entity !== 'number')) everywhere((path) => subgraphError(error, fetch.service, path))
      else for (const path of pathsOf(entity as number | undefined)) run.errors.push(subgraphError(error, fetch.service, [...path, ...error.path.slice(skip)]))
    }
    return response
  } catch (error) {
    if (!(error instanceof SubgraphUnavailable)) throw error
    run.unavailable.add(fetch.service)
    everywhere((path) => new GraphQLError(error.message, { path, extensions: { code: 'SUBGRAPH_UNAVAILABLE', serviceName: fetch.service } }))
    return {}
  }
}

/** A failed fetch for a long list is told for the first places only. */
const maxPlaces = 20

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

/** All objects at a path, with the concrete path of each. */
function find(raw: Raw, path: readonly string[]): At[] {
  let places: At[] = [{ object: raw, path: [] }]
  for (const part of path) {
    const next: At[] = []
    for (const { object, path: at } of places) {
      if (part === '@') {
        if (Array.isArray(object)) for (const [index, item] of object.entries()) if (isObject(item)) next.push({ object: item, path: [...at, index] })
      } else {
        const value = object[part]
        if (isObject(value)) next.push({ object: value, path: [...at, part] })
      }
    }
    places = next
  }
  return places
}

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null
