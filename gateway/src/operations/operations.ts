/** Operations made ready once per (graph, text, operation name, authorisation, conditions) and run many times. */
import {
  GraphQLError, Kind, NoSchemaIntrospectionCustomRule, executeSync, getNamedType, getVariableValues, isAbstractType, parse, specifiedRules, validate,
  type DocumentNode, type FieldNode, type GraphQLSchema, type OperationDefinitionNode, type OperationTypeNode, type SelectionSetNode, type ValidationRule, type VariableDefinitionNode,
} from 'graphql'
import type { QueryPlan } from '@apollo/query-planner'
import type { Actor } from '@pharmagraph/platform/actor.ts'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { compilePlan, type Step } from '../execution/plan.ts'
import { newRun, runStep, type Run, type Send } from '../execution/execute.ts'
import { compileSplice, unlike, type Splice } from '../execution/splice.ts'
import { SubgraphUnavailable, type SubgraphResponse } from '../execution/subgraphs.ts'
import { project, type Raw } from '../execution/project.ts'
import { compileText, type Write } from '../execution/text.ts'
import type { Graph } from '../supergraph/graph.ts'
import type { Planning } from '../supergraph/planning.ts'
import { liveService, personalFields, type LiveField, type Sharing, type Stub } from '../supergraph/live-fields.ts'
import { createLabels, type Labels } from '../supergraph/labels.ts'
import { denialOf, type Denial, type Requirement } from '../supergraph/rules.ts'
import { Bounded } from './bounded.ts'
import { compileDeferred, runDeferred, type Deferred, type Payload } from './deferred.ts'
import { actualCostOf, costOf, maxCost, type Cost } from './cost.ts'
import { limits, operationLimits } from './limits.ts'
import {
  conditionVariables, hasDefer, isIntrospection, longestSelectedPath, parsedOperation, plannable, requirementsOf, select, shapeOf,
  type Parsed, type Selected, type SelectedField, type Shape,
} from './selection.ts'

/** Of an operation in the client's own words: what it might have cost, and what it did. */
export type Spent = { readonly estimated: number; readonly actual: number }
export type Answer = { data?: Raw | null; errors?: GraphQLError[]; spent?: Spent }

/** A read-only view of who runs an operation and how its fetches are sent. */
export type Caller = { readonly actor: Actor; readonly send: Send }

export type LivePlan = {
  readonly field: LiveField
  /** Response key of the root field. */
  readonly key: string
  readonly arguments: (variables: Readonly<Record<string, unknown>>) => Record<string, unknown>
  /** What the event object must give to the plan, by the client's response keys. */
  readonly selection: SelectionSetNode
  /** Stubs whose owner is asked before every push, with the key their object has in the event. */
  readonly witnesses: readonly { readonly stub: Stub; readonly key: string }[]
  readonly rest: Step | undefined
  /** Whose subscriptions one fetch of an event may serve: see `@live(sharedBy:)`. */
  readonly sharedBy: Sharing
  /** The client's variables that its fetches send on. */
  readonly variables: readonly string[]
  /** One refusal for each selected field that is not the caller's. */
  readonly refused: readonly GraphQLError[]
}

/** What is known before anything is planned. */
type Outline = {
  /** Of this process only. */
  readonly id: number
  readonly selections: readonly Selected[]
  readonly shape: Shape
  /** The answer's text, where nothing went wrong. */
  readonly write: Write
  readonly cost: Cost
  /** Set when nothing of the operation is left: one refusal per root field. */
  readonly refusals: GraphQLError[] | undefined
}
type Variant = Outline & {
  readonly step: Step | undefined
  /** The short way to the answer's text, where the operation is of the kind for it. */
  readonly splice: Splice | undefined
  readonly live: LivePlan | undefined
  /** How it is answered in parts, for a client that takes parts and an operation that defers some. */
  readonly deferred: Deferred | undefined
}
/** `variant` is there once it was asked for; a promise while other threads plan it. */
type Known = { readonly outline: Outline; variant: Variant | Promise<Variant> | undefined }

export type Prepared = {
  readonly type: OperationTypeNode
  readonly name: string | undefined
  readonly document: DocumentNode
  /** Seconds that anybody's cache may keep the answer; undefined when it is personal or not declared public. */
  readonly publicMaxAge: number | undefined
  /** Whether the answer is the same for everybody: public, and taken from the same subgraphs. */
  readonly isShared: boolean
  /** Plans it for a caller who may see everything, so that the first real one waits less. */
  warm(): void
  execute(caller: Caller, variables: Readonly<Record<string, unknown>> | undefined): Promise<Answer>
  /** The same as JSON, without making the answer as an object where nothing went wrong: `errors` is empty then. */
  respond(caller: Caller, variables: Readonly<Record<string, unknown>> | undefined): Promise<Response>
  /**
   * The answer in parts, for a client that takes them later where the operation says `@defer`. Undefined where nothing is
   * deferred; `respond` then answers.
   */
  respondInParts(caller: Caller, variables: Readonly<Record<string, unknown>> | undefined): Promise<AsyncGenerator<Payload, void> | undefined>
  /** The plan of a subscription for this actor, at once where it was planned before; throws or rejects when it is refused. */
  live(actor: Actor, variables: Readonly<Record<string, unknown>> | undefined): LiveRun | Promise<LiveRun>
}

/** An answer as it is sent; `encoding` says what the characters of the body are. */
export type Response = { readonly body: string; readonly encoding: 'utf8' | 'latin1'; readonly errors: readonly GraphQLError[]; /** False when the operation was refused whole. */ readonly ran: boolean; readonly spent?: Spent }

export const responseOf = ({ data, errors, spent }: Answer): Response =>
  ({ body: JSON.stringify(errors ? { errors, ...(data !== undefined && { data }) } : { data }), encoding: 'utf8', errors: errors ?? [], ran: data !== undefined, ...(spent && { spent }) })

/** A subscription for one subscriber: from an event object to what is pushed. */
export type LiveRun = {
  readonly plan: LivePlan
  readonly arguments: Record<string, unknown>
  /** Subscribers of one group may be given one answer to an event: same plan, same variables, and nobody among them sees more than another. */
  readonly group: string
  run(event: Raw, send: Send): Promise<Completed>
}

/** One event, completed by the owners of its entities. */
export type Completed = {
  /** The answer as JSON. */
  readonly body: string
  /** Whether the owner of every entity in the event showed it: GONE where it did not, UNKNOWN where it could not be asked. */
  readonly visibility: 'SHOWN' | 'GONE' | 'UNKNOWN'
  /** Services that gave no answer. */
  readonly unavailable: readonly string[]
}

/** Authorisations and conditions of one reviewed operation that are kept planned. */
const maxVariants = 64
/** Characters of operations that are kept parsed: 23 bytes each, as measured, so some 50 MB. */
const maxText = 2_000_000
/** Selections of operations in clients' own words that are kept planned, all together: about a kilobyte each. */
const maxOwnSelections = 100_000

/** How operations in clients' own words are taken. */
export type OwnWords = {
  /** Without it they are planned on this thread. */
  readonly planning?: Planning | undefined
  /** Whether they may ask for the schema, and be told what a wrong name may have meant; yes unless told. */
  readonly introspection?: boolean | undefined
}
type Variants = Pick<Bounded<Known>, 'getOrAdd'>
/** `counted`: nobody reviewed what the operation may return, so that its answer is counted as well. */
type Way = { readonly counted: boolean; readonly labels: Labels; readonly plan: (asked: OperationDefinitionNode, on: readonly string[], selections: readonly Selected[]) => QueryPlan | Promise<QueryPlan>; readonly variants: () => Variants }

export class Operations {
  readonly graph: Graph
  readonly #prepared = new Bounded<Prepared>(maxText, (_, key) => key.length)
  readonly #ownRules: readonly ValidationRule[]
  readonly #hidesSchema: boolean
  readonly #reviewed: Way
  readonly #own: Way

  constructor(graph: Graph, labels: Labels = createLabels(), { planning, introspection = true }: OwnWords = {}) {
    this.graph = graph
    this.#hidesSchema = !introspection
    this.#ownRules = [...specifiedRules, operationLimits, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])]
    this.#reviewed = { counted: false, labels, plan: graph.plan, variants: () => new Bounded<Known>(maxVariants) }
    // there is no end of them: they are kept together, within one bound
    const own = new Bounded<Known>(maxOwnSelections, ({ outline }) => countOf(outline.selections))
    let count = 0
    this.#own = {
      counted: true,
      labels,
      plan: planning ? (asked, on, selections) => (isQuicklyPlanned(selections, graph) ? graph.plan(asked, on) : planning.plan(asked, on)) : graph.plan,
      variants() {
        const prefix = `${++count} `
        return { getOrAdd: (key, make) => own.getOrAdd(prefix + key, make) }
      },
    }
  }

  get size(): number {
    return this.#prepared.size
  }

  /** Prepares a text that was reviewed; throws an AggregateError of GraphQL errors where it does not fit the schema. */
  fromText(text: string, operationName?: string): Prepared {
    // who reviewed it makes a difference to how it runs
    return this.#prepared.getOrAdd(`reviewed ${operationName ?? ''}\n${text}`, () => this.#validated(parseText(text), specifiedRules, operationName, this.#reviewed))
  }

  /** Prepares a text of the client's own, which may be only so large. */
  fromClient(text: string, operationName?: string): Prepared {
    return this.#prepared.getOrAdd(`${operationName ?? ''}\n${text}`, () => this.#validated(parseText(text, limits.tokens), this.#ownRules, operationName, this.#own))
  }

  #validated(document: DocumentNode, rules: readonly ValidationRule[], operationName: string | undefined, way: Way): Prepared {
    const errors = validationErrors(this.graph.schema, document, rules).map((error) =>
      withCode(error, String(error.extensions['code'] ?? 'GRAPHQL_VALIDATION_FAILED'), this.#hidesSchema ? error.message.replace(/ ?Did you mean(.+?)\?$/, '') : error.message))
    if (errors.length > 0) throw new AggregateError(errors, errors[0]!.message)
    return prepare(this.graph, way, document, operationName)
  }

  /** Prepares a text of the client's own that was validated against this graph already. */
  fromValidated(text: string, operationName?: string): Prepared {
    return this.#prepared.getOrAdd(`${operationName ?? ''}\n${text}`, () => prepare(this.graph, this.#own, parseText(text), operationName))
  }
}

/** So many selections take the planner 19 ms at most, as measured, where neither `@defer` nor an interface object is among them. */
const maxQuick = 60
const isQuicklyPlanned = (selections: readonly Selected[], { interfaceObjects }: Graph): boolean => {
  const isPlain = (selected: Selected): boolean => (selected.kind === 'field' ? !interfaceObjects.has(selected.parent.name) : !selected.deferred) && selected.selections.every(isPlain)
  return countOf(selections) <= maxQuick && selections.every(isPlain)
}

const countOf = (selections: readonly Selected[]): number => selections.reduce((count, selected) => count + 1 + countOf(selected.selections), 1)

/** graphql-js throws where a condition on a subscription's root has no value; elsewhere it lists what is wrong. */
function validationErrors(schema: GraphQLSchema, document: DocumentNode, rules: readonly ValidationRule[]): readonly GraphQLError[] {
  try {
    return validate(schema, document, rules)
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}

function parseText(text: string, maxTokens?: number): DocumentNode {
  try {
    return parse(text, { noLocation: true, ...(maxTokens !== undefined && { maxTokens }) })
  } catch (error) {
    throw new AggregateError([withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED')], 'the text does not parse')
  }
}

const withCode = (error: GraphQLError, code: string, message = error.message): GraphQLError => new GraphQLError(message, { ...(error.path && { path: error.path }), extensions: { code } })

function prepare(graph: Graph, { counted, labels, plan, variants: makeVariants }: Way, document: DocumentNode, operationName: string | undefined): Prepared {
  const parsed = parsedOperation(document, operationName)
  const { operation } = parsed
  const requirements = requirementsOf(parsed, graph)
  const conditions = conditionVariables(parsed)
  const variants = makeVariants()
  /** Rules look at the actor alone, and a person's requests share one actor. */
  const denialsOf = new WeakMap<Actor, readonly (Denial | undefined)[]>()
  const texts = textVariables(operation)

  const coerce = (variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
    if (texts?.every((name) => typeof variables[name] === 'string')) return variables
    const { coerced, errors } = getVariableValues(graph.schema, operation.variableDefinitions ?? [], variables, { maxErrors: 10 })
    if (errors) throw new AggregateError(errors.map((error) => new GraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } })), 'variables')
    return coerced
  }

  const defers = hasDefer(parsed)

  const denialsFor = (actor: Actor): readonly (Denial | undefined)[] => {
    let denials = denialsOf.get(actor)
    if (!denials) denialsOf.set(actor, (denials = requirements.map((requirement) => denialOf(requirement, actor))))
    return denials
  }

  const knownOf = (denials: readonly (Denial | undefined)[], variables: Readonly<Record<string, unknown>>, on: readonly string[] = [], incremental = false): Known => {
    const key = denials.length === 0 && conditions.length === 0 && on.length === 0 && !incremental ? '' : `${incremental ? 'parts ' : ''}${on.join()} ${denials.map((denial) => denial?.[0] ?? '.').join('')} ${conditions.map((name) => (variables[name] ? '1' : '0')).join('')}`
    return variants.getOrAdd(key, () => {
      const denial = (requirement: Requirement) => denials[requirements.indexOf(requirement)]
      return { outline: outlineOf(graph, parsed, select(parsed, graph, { denial, variable: (name) => Boolean(variables[name]), incremental })), variant: undefined }
    })
  }

  /** The variant, planned where it is not yet. */
  const planned = (known: Known, on: readonly string[], whole?: () => Variant | Promise<Variant>): Variant | Promise<Variant> => {
    if (known.variant) return known.variant
    // the planner cannot defer everywhere: it refuses where what is deferred is required by what is deferred within it, and may go
    // round in circles where what is deferred is of an interface object
    const otherwise = (error: unknown): Variant | Promise<Variant> => {
      const isPlanners = !(error instanceof AppError) && (!(error instanceof GraphQLError) || error.extensions['code'] === 'QUERY_PLANNING_TIMEOUT')
      if (!whole || !isPlanners) throw error
      return whole()
    }
    try {
      const made = makeVariant(graph, (asked) => plan(asked, on, known.outline.selections), parsed, known.outline, !counted)
      if (!(made instanceof Promise)) return (known.variant = made)
      known.variant = made.catch(otherwise)
      known.variant.then((variant) => (known.variant = variant), () => (known.variant = undefined))
    } catch (error) {
      known.variant = otherwise(error)
    }
    return known.variant
  }

  type Begun = { variant: Variant; coerced: Readonly<Record<string, unknown>> }
  /** What is refused before it runs throws, or comes back as an answer; what costs too much is not even planned. */
  const begin = (actor: Actor, variables: Readonly<Record<string, unknown>>, incremental = false): Begun | { errors: GraphQLError[] } | Promise<Begun> => {
    const coerced = coerce(variables)
    const denials = denialsFor(actor)
    // callers without a name are drawn anew each time: once for this operation
    const on = graph.labels.length === 0 ? [] : graph.labels.filter((label) => labels(label, actor))
    const known = knownOf(denials, coerced, on, incremental)
    if (known.outline.refusals) return { errors: known.outline.refusals }
    refuseTooCostly(known.outline.cost, coerced)
    const variant = known.variant ?? planned(known, on, incremental ? () => planned(knownOf(denials, coerced, on), on) : undefined)
    return variant instanceof Promise ? variant.then((variant) => ({ variant, coerced })) : { variant, coerced }
  }
  const mayFetch = counted ? (objects: number): void => refuseCounted(objects) : undefined
  /** Throws where a query in the client's own words turned out to cost too much: how long some lists are nobody foretells. */
  const run = async ({ variant, coerced }: Begun, send: Send, variables: Readonly<Record<string, unknown>>): Promise<Run & { spent?: Spent }> => {
    const run = newRun({}, variables, send, mayFetch)
    if (variant.step) await runStep(variant.step, run)
    if (!counted) return run
    const actual = actualCostOf(variant.shape, run.raw, graph.sizes)
    // what a mutation did is done: its answer is told
    if (operation.operation === 'query') refuseCounted(actual)
    return { ...run, spent: { estimated: valueOf(variant.cost, coerced), actual } }
  }
  const answer = ({ variant, coerced }: Begun, run: Run & { spent?: Spent }): Answer => ({ ...answerOf(graph, variant.shape, run, introspection(graph, parsed, coerced)), ...(run.spent && { spent: run.spent }) })

  const liveRun = (begun: Begun | { errors: GraphQLError[] }, actor: Actor, variables: Readonly<Record<string, unknown>>): LiveRun => {
    if ('errors' in begun) throw new AggregateError(begun.errors, 'refused')
    const { variant, coerced } = begun
    const { live } = variant
    if (!live) throw new GraphQLError('the operation is not a subscription', { extensions: { code: 'BAD_REQUEST' } })
    return {
      plan: live,
      arguments: live.arguments(coerced),
      group: `${variant.id} ${sharingKey(actor, live.sharedBy)} ${JSON.stringify(live.variables.map((name) => variables[name]))}`,
      async run(source, send) {
        const event = selectFrom(source, live.selection)
        const run = newRun({ [live.key]: event }, variables, send)
        if (live.rest) await runStep(live.rest, run)
        const text = run.errors.length === 0 ? variant.write(run.raw) : undefined
        return {
          body: text !== undefined ? `{"data":${text}}` : responseOf(answerOf(graph, variant.shape, run, () => null)).body,
          visibility: visibilityOf(live, event, run),
          unavailable: [...run.unavailable],
        }
      },
    }
  }

  const maxAge = publicMaxAge(graph, parsed, requirements)
  return {
    type: operation.operation,
    name: operation.name?.value,
    document,
    publicMaxAge: maxAge,
    isShared: maxAge !== undefined && graph.labels.length === 0,
    warm() {
      const known = knownOf(requirements.map(() => undefined), Object.fromEntries(conditions.map((name) => [name, true])))
      if (!known.outline.refusals) void planned(known, [])
    },

    async execute({ actor, send }, variables = {}) {
      const beginning = begin(actor, variables)
      const begun = beginning instanceof Promise ? await beginning : beginning
      return 'errors' in begun ? begun : answer(begun, await run(begun, send, variables))
    },

    async respond({ actor, send }, variables = {}) {
      const beginning = begin(actor, variables)
      const begun = beginning instanceof Promise ? await beginning : beginning
      if ('errors' in begun) return responseOf(begun)
      const { splice, write } = begun.variant
      let sendOnce = send
      if (splice) {
        const sent = rememberSent(send)
        try {
          return { body: await splice(variables, sent.send), encoding: 'latin1', errors: [], ran: true }
        } catch (error) {
          // a RangeError is a regular expression's, for an answer too large for it
          if (error !== unlike && !(error instanceof SubgraphUnavailable || error instanceof RangeError)) throw error
          sendOnce = sent.again
        }
      }
      const done = await run(begun, sendOnce, variables)
      const text = done.errors.length === 0 ? write(done.raw) : undefined
      return text !== undefined ? { body: `{"data":${text}}`, encoding: 'utf8', errors: [], ran: true, ...(done.spent && { spent: done.spent }) } : responseOf(answer(begun, done))
    },

    async respondInParts({ actor, send }, variables = {}) {
      const begun = defers ? await begin(actor, variables, true) : undefined
      if (!begun || 'errors' in begun || !begun.variant.deferred) return undefined
      const { shape, deferred } = begun.variant
      return runDeferred(deferred, variables, send, { schema: graph.schema, errorsOf: (run) => errorsOf(graph, shape, run), introspect: introspection(graph, parsed, begun.coerced) }, mayFetch)
    },

    live(actor, variables = {}) {
      const begun = begin(actor, variables)
      return begun instanceof Promise ? begun.then((begun) => liveRun(begun, actor, variables)) : liveRun(begun, actor, variables)
    },
  }
}

/** `again` answers a request that was sent before with the answer it had, and sends the others. */
function rememberSent(send: Send): { send: Send; again: Send } {
  const sent: { service: string; body: string; answer: Promise<SubgraphResponse> }[] = []
  return {
    send(service, body, idempotent, kind) {
      const answer = send(service, body, idempotent, kind)
      sent.push({ service, body, answer })
      return answer
    },
    again: (service, body, idempotent, kind) => sent.find((known) => known.service === service && known.body === body)?.answer ?? send(service, body, idempotent, kind),
  }
}

/** Names of the variables where all are declared as text that must be given: what is text needs no coercion then. */
function textVariables({ variableDefinitions = [] }: OperationDefinitionNode): string[] | undefined {
  const isText = ({ type, defaultValue }: VariableDefinitionNode): boolean =>
    !defaultValue && type.kind === Kind.NON_NULL_TYPE && type.type.kind === Kind.NAMED_TYPE && ['ID', 'String'].includes(type.type.name.value)
  return variableDefinitions.every(isText) ? variableDefinitions.map(({ variable }) => variable.name.value) : undefined
}

/** What the subgraphs said, at paths in the client's names. */
function errorsOf(graph: Graph, shape: Shape, { errors }: Run): GraphQLError[] {
  return errors.map((error) => {
    const path = longestSelectedPath(shape, error.path ?? [], graph.schema)
    return path.every((key, index) => key === error.path![index]) && path.length === error.path?.length ? error : new GraphQLError(error.message, { ...(path.length > 0 && { path }), extensions: error.extensions })
  })
}

function answerOf(graph: Graph, shape: Shape, run: Run, introspect: (key: string) => unknown): Answer {
  const fetched = errorsOf(graph, shape, run)
  const { data, errors } = project(shape, run.raw, fetched, introspect, [], run.absent)
  const all = [...fetched, ...errors]
  return all.length > 0 ? { data, errors: all } : { data }
}

let variantCount = 0

function outlineOf(graph: Graph, { operation }: Parsed, selections: readonly Selected[]): Outline {
  const roots = rootFields(selections)
  const shape = shapeOf(graph.schema, graph.schema.getRootType(operation.operation)!, selections)
  const outline = { id: ++variantCount, selections, shape, write: compileText(shape), cost: costOf(selections, graph.sizes), refusals: undefined }
  if (roots.length > 0 && roots.every(({ denied }) => denied)) return { ...outline, refusals: roots.map(({ key, denied }) => refusal(denied!, [key])) }
  const refusals = graph.unauthorized === 'reject' ? refusalsIn(selections) : []
  return refusals.length > 0 ? { ...outline, refusals } : outline
}

function makeVariant(graph: Graph, plan: (asked: OperationDefinitionNode) => QueryPlan | Promise<QueryPlan>, { operation }: Parsed, outline: Outline, mayBeSpliced: boolean): Variant | Promise<Variant> {
  const { selections, shape } = outline
  const variant: Variant = { ...outline, step: undefined, splice: undefined, live: undefined, deferred: undefined }
  if (operation.operation === 'subscription') return then(makeLivePlan(graph, operation, plan, rootFields(selections)), (live) => ({ ...variant, live }))
  const asked = plannable(operation, selections)
  if (!asked || onlyTypename(asked)) return variant
  return then(plan(asked), ({ node }) => {
    if (!node || node.kind === 'Subscription') throw new GraphQLError('no service can answer the operation', { extensions: { code: 'UNPLANNABLE_OPERATION' } })
    const deferred = compileDeferred(node, shape.type, selections, graph.schema, graph.fullSchema)
    if (deferred) return { ...variant, deferred }
    const step = compilePlan(node, graph.fullSchema)
    return { ...variant, step, splice: mayBeSpliced ? compileSplice(step, shape, graph.fullSchema) : undefined }
  })
}

const then = <Value, Next>(value: Value | Promise<Value>, next: (value: Value) => Next): Next | Promise<Next> => (value instanceof Promise ? value.then(next) : next(value))

const valueOf = (cost: Cost, variables: Readonly<Record<string, unknown>>): number => (typeof cost === 'number' ? cost : cost(variables))

function refuseTooCostly(cost: Cost, variables: Readonly<Record<string, unknown>>): void {
  const estimated = valueOf(cost, variables)
  if (estimated <= maxCost) return
  throw new GraphQLError(`the operation may return ${estimated} objects; at most ${maxCost} are allowed. Ask for shorter lists.`, {
    extensions: { code: 'OPERATION_TOO_COSTLY', estimatedCost: estimated, maxCost },
  })
}

function refuseCounted(actual: number): void {
  if (actual <= maxCost) return
  throw new GraphQLError(`the operation returns ${actual} objects or more; at most ${maxCost} are allowed. Ask for shorter lists.`, {
    extensions: { code: 'OPERATION_TOO_COSTLY', actualCost: actual, maxCost },
  })
}

/** One refusal for each field that is not the caller's, however deep. */
const refusalsIn = (selections: readonly Selected[], path: readonly string[] = []): GraphQLError[] =>
  selections.flatMap((selected) => {
    if (selected.kind === 'fragment') return refusalsIn(selected.selections, path)
    const own = [...path, selected.key]
    return selected.denied ? [refusal(selected.denied, own)] : refusalsIn(selected.selections, own)
  })

const refusal = (denied: Denial, path: readonly string[]): GraphQLError =>
  new GraphQLError(denied === 'UNAUTHENTICATED' ? 'sign in to use this operation' : 'your roles do not give you this operation', { path, extensions: { code: denied } })

const rootFields = (selections: readonly Selected[]): SelectedField[] =>
  selections.flatMap((selected) => (selected.kind === 'field' ? [selected] : rootFields(selected.selections)))

const onlyTypename = (operation: OperationDefinitionNode): boolean =>
  operation.selectionSet.selections.every((node) => node.kind === Kind.FIELD && node.name.value === '__typename')

/** __schema and __type are answered by graphql-js from the schema clients see. */
function introspection(graph: Graph, parsed: Parsed, variableValues: Readonly<Record<string, unknown>>): (key: string) => unknown {
  let answers: Record<string, unknown> | null | undefined
  return (key) => {
    if (answers === undefined) {
      const only = rootFields(select(parsed, graph, { denial: () => undefined, variable: (name) => Boolean(variableValues[name]) })).filter(isIntrospection)
      const operation: OperationDefinitionNode = { ...parsed.operation, selectionSet: { kind: Kind.SELECTION_SET, selections: only.map(({ node }) => node) } }
      const { data } = executeSync({ schema: graph.schema, document: { kind: Kind.DOCUMENT, definitions: [operation, ...parsed.fragments.values()] }, variableValues })
      answers = data ?? null
    }
    return answers?.[key] ?? null
  }
}

/** Public only when every root field says so and nothing selected asks who is calling; as fresh as the field that wants to be freshest. */
function publicMaxAge(graph: Graph, parsed: Parsed, requirements: readonly Requirement[]): number | undefined {
  if (parsed.operation.operation !== 'query' || requirements.length > 0) return undefined
  const selections = select(parsed, graph, { denial: () => undefined, variable: () => true }, true)
  const hintOf = ({ parent, definition }: SelectedField): number | undefined => graph.maxAge.get(`${parent.name}.${definition.name}`) ?? graph.maxAge.get(getNamedType(definition.type).name)
  const hintsIn = (inner: readonly Selected[]): number[] => inner.flatMap((selected) => [...(selected.kind === 'field' ? [hintOf(selected) ?? Infinity] : []), ...hintsIn(selected.selections)])
  const roots = rootFields(selections)
  if (roots.length === 0 || roots.some((root) => hintOf(root) === undefined)) return undefined
  const age = Math.min(...hintsIn(selections))
  return age > 0 ? age : undefined
}

const witnessKey = '__witness'

/** Adds the witnesses to what the client selected, and plans: the event gives the stubs, the owners give the rest. */
function makeLivePlan(graph: Graph, operation: OperationDefinitionNode, plan: (asked: OperationDefinitionNode) => QueryPlan | Promise<QueryPlan>, roots: readonly SelectedField[]): LivePlan | Promise<LivePlan> {
  const [root] = roots
  const field = root && graph.live.get(root.node.name.value)
  const [rootNode] = (plannable(operation, roots)?.selectionSet.selections ?? []) as readonly FieldNode[]
  if (!root || !field || !rootNode?.selectionSet) throw new GraphQLError('the subscription is not served here', { extensions: { code: 'UNPLANNABLE_OPERATION' } })
  const selections = [...rootNode.selectionSet.selections]
  const witnesses = field.stubs.map((stub) => {
    const witness: FieldNode = { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: witnessKey }, name: { kind: Kind.NAME, value: stub.witness } }
    const index = selections.findIndex((node) => node.kind === Kind.FIELD && node.name.value === stub.field)
    const chosen = selections[index] as FieldNode | undefined
    const key = chosen ? (chosen.alias?.value ?? chosen.name.value) : `__${stub.field}`
    const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [...(chosen?.selectionSet?.selections ?? []), witness] }
    const node: FieldNode = chosen ? { ...chosen, selectionSet } : { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: key }, name: { kind: Kind.NAME, value: stub.field }, selectionSet }
    if (chosen) selections[index] = node
    else selections.push(node)
    return { stub, key }
  })
  const watched: FieldNode = { ...rootNode, selectionSet: { kind: Kind.SELECTION_SET, selections } }
  return then(plan({ ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: [watched] } }), ({ node }) => livePlanOf(graph, node, root, field, witnesses, roots))
}

function livePlanOf(graph: Graph, node: QueryPlan['node'], root: SelectedField, field: LiveField, witnesses: LivePlan['witnesses'], roots: readonly SelectedField[]): LivePlan {
  if (node?.kind !== 'Subscription' || node.primary.serviceName !== liveService) {
    throw new GraphQLError('the subscription is not served here', { extensions: { code: 'UNPLANNABLE_OPERATION' } })
  }
  const [primary] = parse(node.primary.operation, { noLocation: true }).definitions as readonly OperationDefinitionNode[]
  const [primaryRoot] = primary!.selectionSet.selections as readonly FieldNode[]
  const argumentNames = root.definition.args.map(({ name }) => name)
  const rest = node.rest && compilePlan(node.rest, graph.fullSchema)
  return {
    field,
    key: root.source,
    arguments: (variables) =>
      Object.fromEntries(argumentNames.map((name) => {
        const given = root.node.arguments?.find((argument) => argument.name.value === name)?.value
        return [name, given?.kind === Kind.VARIABLE ? variables[given.name.value] : given && 'value' in given ? given.value : undefined]
      })),
    selection: primaryRoot!.selectionSet!,
    witnesses,
    rest,
    sharedBy: roots.some((selected) => isPersonal(selected, graph)) ? 'PERSON' : field.sharedBy,
    variables: rest ? variablesOf(rest) : [],
    refused: refusalsIn(roots),
  }
}

/** Health information is read by each person for themselves, and what a person may do is for that person. */
function isPersonal(selected: Selected, graph: Graph): boolean {
  if (selected.kind === 'field') {
    const { parent, definition: { name } } = selected
    if (personalFields.has(name)) return true
    const types = isAbstractType(parent) ? [parent, ...graph.schema.getPossibleTypes(parent)] : [parent]
    if (types.some((type) => graph.phi.has(`${type.name}.${name}`))) return true
  }
  return selected.selections.some((inner) => isPersonal(inner, graph))
}

function variablesOf(step: Step): string[] {
  switch (step.kind) {
    case 'fetch':
      return [...step.fetch.variables]
    case 'merged':
      return [...step.variables]
    default:
      return [...new Set(step.steps.flatMap(variablesOf))]
  }
}

const sharingKeys = { PERSON: new WeakMap<Actor, string>(), ROLES: new WeakMap<Actor, string>() } satisfies Record<Sharing, unknown>

/** Equal for actors whom the owners of the data cannot tell apart. */
function sharingKey(actor: Actor, sharedBy: Sharing): string {
  const known = sharingKeys[sharedBy].get(actor)
  if (known !== undefined) return known
  const { subject: _, pharmacistId: __, technicianId: ___, authTime: ____, ...role } = actor
  const key = JSON.stringify(sharedBy === 'PERSON' ? actor : role)
  sharingKeys[sharedBy].set(actor, key)
  return key
}

const refusalCodes = ['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED']

function visibilityOf({ witnesses }: LivePlan, event: Raw, run: Run): Completed['visibility'] {
  for (const { stub, key } of witnesses) {
    const entity = event[key] as Raw | null | undefined
    if (!entity || entity[witnessKey] != null) continue
    const failed = run.errors.some(({ path, extensions }) => extensions['serviceName'] === stub.owner && path?.[1] === key && !refusalCodes.includes(String(extensions['code'])))
    return failed || run.unavailable.has(stub.owner) ? 'UNKNOWN' : 'GONE'
  }
  return 'SHOWN'
}

/** Reads the primary selection from an event object: the event graph has no resolvers of its own. */
function selectFrom(source: Raw, set: SelectionSetNode): Raw {
  const result: Raw = {}
  for (const node of set.selections) {
    if (node.kind === Kind.INLINE_FRAGMENT) Object.assign(result, selectFrom(source, node.selectionSet))
    if (node.kind !== Kind.FIELD) continue
    const value = source[node.name.value] ?? null
    result[node.alias?.value ?? node.name.value] = node.selectionSet && typeof value === 'object' && value !== null ? selectFrom(value as Raw, node.selectionSet) : value
  }
  return result
}
