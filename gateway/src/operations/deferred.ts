/**
 * Answers in parts, for fragments marked `@defer`: first what is not deferred, then each deferred part when its fetches are
 * done. The planner splits the plan; here the parts of the answer are told apart and each is projected on its own. In
 * the form of Apollo's incremental delivery of August 2022 (`deferSpec=20220824`).
 */
import { isAbstractType, isObjectType, type GraphQLCompositeType, type GraphQLError, type GraphQLSchema } from 'graphql'
import type { PlanNode } from '@apollo/query-planner'
import { newRun, runStep, type Absent, type Run, type Send } from '../execution/execute.ts'
import { compilePlan, merge, readsContexts, type Step } from '../execution/plan.ts'
import { project, type Raw } from '../execution/project.ts'
import { shapeOf, type Selected, type Shape } from './selection.ts'

export type Payload = {
  readonly data?: Raw | null
  readonly errors?: readonly GraphQLError[]
  readonly incremental?: readonly { readonly path: readonly (string | number)[]; readonly label?: string; readonly data: Raw | null; readonly errors?: readonly GraphQLError[] }[]
  readonly hasNext: boolean
}

export type Deferred = {
  /** What is not deferred. */
  readonly shape: Shape
  readonly step: Step | undefined
  readonly parts: readonly Part[]
}
type Part = {
  readonly label: string | undefined
  /** To the objects it belongs to: fields, and the types that objects on the way must have. */
  readonly way: readonly Way[]
  readonly shape: Shape
  readonly step: Step | undefined
  /** Deferred within it: they come after it. */
  readonly parts: readonly Part[]
}
type Way = { readonly key: string; readonly source: string } | { readonly on: GraphQLCompositeType }

/** Undefined where nothing is deferred after all. */
export function compileDeferred(node: PlanNode | undefined, root: GraphQLCompositeType, selections: readonly Selected[], schema: GraphQLSchema, fullSchema: GraphQLSchema): Deferred | undefined {
  const steps = new Map<string, Step | undefined>()
  const copies = node !== undefined && readsContexts(node)
  const stepOf = (node: PlanNode | undefined): Step | undefined => {
    if (node?.kind !== 'Defer') return node && compilePlan(node, fullSchema, copies)
    for (const { label, node: deferred } of node.deferred) steps.set(label!, stepOf(deferred))
    return stepOf(node.primary.node)
  }
  const step = stepOf(node)
  const partsIn = (selections: readonly Selected[], way: readonly Way[]): Part[] =>
    selections.flatMap((selected): Part[] => {
      if (selected.kind === 'field') return selected.denied ? [] : partsIn(selected.selections, [...way, { key: selected.key, source: selected.source }])
      const next = [...way, { on: selected.on }]
      const parts = partsIn(selected.selections, next)
      const { deferred } = selected
      return deferred ? [{ label: deferred.label, way: next, shape: shapeOf(schema, selected.on, atOnce(selected.selections)), step: steps.get(deferred.id), parts }] : parts
    })
  const parts = partsIn(selections, [])
  return parts.length > 0 ? { shape: shapeOf(schema, root, atOnce(selections)), step, parts } : undefined
}

/** Without what is deferred. */
const atOnce = (selections: readonly Selected[]): Selected[] =>
  selections.filter((selected) => selected.kind === 'field' || !selected.deferred).map((selected) => ({ ...selected, selections: atOnce(selected.selections) }))

/** `errorsOf`: the errors of a run with paths in the client's names. */
export type Telling = { readonly schema: GraphQLSchema; readonly errorsOf: (run: Run) => GraphQLError[]; readonly introspect: (key: string) => unknown }

/** One payload after another; whoever stops asking stops what is not under way yet. */
export async function* runDeferred({ shape, step, parts }: Deferred, variables: Readonly<Record<string, unknown>>, send: Send, telling: Telling, mayFetch?: Run['mayFetch']): AsyncGenerator<Payload, void> {
  const run = newRun({}, variables, send, mayFetch)
  if (step) await runStep(step, run)
  const known = telling.errorsOf(run)
  const { data, errors } = project(shape, run.raw, known, telling.introspect, [], run.absent)
  const all = [...known, ...errors]
  const pending = new Map<Part, Promise<{ part: Part; run: Run }>>()
  const start = (part: Part): void => {
    const own = { ...newRun(run.raw, variables, send, mayFetch) }
    const done = (part.step ? runStep(part.step, own) : Promise.resolve()).then(() => ({ part, run: own }))
    // a client that leaves no longer waits for it: what goes wrong then is nobody's
    done.catch(() => undefined)
    pending.set(part, done)
  }
  if (data) parts.forEach(start)
  yield { data, ...(all.length > 0 && { errors: all }), hasNext: pending.size > 0 }
  while (pending.size > 0) {
    const { part, run: own } = await Promise.race(pending.values())
    pending.delete(part)
    const incremental = deliver(part, run.raw, data!, telling.errorsOf(own), own.absent, telling)
    part.parts.forEach(start)
    yield { ...(incremental.length > 0 && { incremental }), hasNext: pending.size > 0 }
  }
}

/** What a part gives to each of its objects; also noted in `data`, where the parts within it look for theirs. */
function deliver(part: Part, raw: Raw, data: Raw, known: readonly GraphQLError[], absent: Absent, { schema, introspect }: Telling): NonNullable<Payload['incremental']> {
  const places = placesOf(part.way, { raw, data, path: [] }, schema)
  return places.map(({ raw, data, path }, index) => {
    const isHere = (error: GraphQLError): boolean => path.every((key, at) => error.path?.[at] === key)
    // what happened at no place of this part is told with the first
    const own = known.filter((error) => isHere(error) || (index === 0 && !places.some((place) => place.path.every((key, at) => error.path?.[at] === key))))
    const { data: given, errors } = project(part.shape, raw, own, introspect, path, absent)
    const all = [...own, ...errors]
    if (given) merge(data, structuredClone(given))
    return { path, ...(part.label !== undefined && { label: part.label }), data: given, ...(all.length > 0 && { errors: all }) }
  })
}

type Place = { readonly raw: Raw; readonly data: Raw; readonly path: readonly (string | number)[] }

/** The objects at the end of a way that the client has: one that became null has no parts. */
function placesOf(way: readonly Way[], place: Place, schema: GraphQLSchema): Place[] {
  const [first, ...rest] = way
  if (!first) return [place]
  if ('on' in first) return isOf(first.on, place.raw['__typename'], schema) ? placesOf(rest, place, schema) : []
  const within = (raw: unknown, data: unknown, path: readonly (string | number)[]): Place[] => {
    if (typeof raw !== 'object' || raw === null || typeof data !== 'object' || data === null) return []
    if (!Array.isArray(raw)) return placesOf(rest, { raw: raw as Raw, data: data as Raw, path }, schema)
    return raw.flatMap((item, index) => within(item, (data as unknown[])[index], [...path, index]))
  }
  return within(place.raw[first.source], place.data[first.key], [...place.path, first.key])
}

/** Where the type was not asked for, it makes no difference. */
function isOf(type: GraphQLCompositeType, typename: unknown, schema: GraphQLSchema): boolean {
  if (typeof typename !== 'string' || typename === type.name) return true
  const known = schema.getType(typename)
  return isAbstractType(type) && isObjectType(known) && schema.isSubType(type, known)
}
