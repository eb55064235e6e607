/**
 * Answers put together from the subgraphs' own text, never parsed and never written again. From the plan it is known to
 * the letter how an answer without errors looks: which keys, in which order, with values of which types. Regular
 * expressions made from it check exactly that and give the pieces: keys for the next fetch, and runs of fields that the
 * client gets as they are. Whatever looks different (an error, a null where none may be, other spacing, an enum value
 * unknown to clients) is left to the general way in execute.ts and project.ts, which hears the same answers again.
 *
 * Offered for operations over object types whose entities are known by plain keys; the others take the general way at once.
 */
import {
  Kind, getNamedType, getNullableType, isEnumType, isLeafType, isListType, isNonNullType, isObjectType,
  type FieldNode, type GraphQLLeafType, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema, type SelectionNode,
} from 'graphql'
import type { FieldShape, Shape } from '../operations/selection.ts'
import { toBytes, type Bytes } from './bytes.ts'
import { variablesOf, type Send } from './execute.ts'
import { flatKeys, type Fetch, type Step } from './plan.ts'

/** Rejects with `unlike` where the general way must be taken. */
export type Splice = (variables: Readonly<Record<string, unknown>>, send: Send) => Promise<Bytes>

/** An answer is not what the plan foretells. */
export const unlike = new Error('an answer of another form')

/** An object of the answer: for each fetch that gave some of its fields what was read of them. */
type Obj = (Slots | undefined)[]
type Slots = (Bytes | Child)[]
type Child = Obj | null | readonly Child[]

/** Where objects are in the answer. */
type Place = {
  readonly type: GraphQLObjectType
  readonly parent: { readonly place: Place; readonly part: Part; readonly field: Field } | undefined
  readonly parts: Part[]
  readonly fields: Map<string, { readonly part: Part; readonly field: Field }>
  /** What the client gets of it; undefined where it asked for nothing here. */
  readonly shape: Shape | undefined
  write: readonly Written[]
}
/** What one fetch says of an object. */
type Part = { readonly index: number; readonly fields: readonly Field[]; tokens: readonly Token[]; slots: number }
type Field = {
  readonly key: string
  /** Undefined for `__typename`, whose value is known. */
  readonly type: GraphQLOutputType | undefined
  /** Of its objects. */
  place: Place | undefined
  /** As the client sees it. */
  readonly output: FieldShape | undefined
  /** Its value is read apart: for a representation, or because the client knows it by another name. */
  apart: boolean
  slot: number
}
type Token =
  | { readonly kind: 'text'; readonly pattern: RegExp; readonly slots: readonly number[] }
  | { readonly kind: 'child'; readonly slot: number; readonly place: Place; readonly type: GraphQLOutputType }
/** Fields of one part that follow each other in the answer. */
type Written = { readonly part: number; readonly pieces: readonly (string | Piece)[]; /** Undefined where some may not be null. */ readonly whenMissing: string | undefined }
type Piece = { readonly slot: number; readonly place: Place | undefined }

/** Undefined for an operation that is not of the kind. */
export function compileSplice(step: Step, shape: Shape, schema: GraphQLSchema): Splice | undefined {
  try {
    const root = makePlace(schema.getType(shape.type.name), undefined, shape)
    const run = compileStep(step, root, schema)
    const places: Place[] = []
    const visit = (place: Place): void => {
      places.push(place)
      for (const { field } of place.fields.values()) if (field.place) visit(field.place)
    }
    visit(root)
    for (const place of places) finish(place)
    return async (variables, send) => {
      const object: Obj = []
      await run(object, variables, send)
      return `{"data":${write(root, object)}}`
    }
  } catch (error) {
    if (error === notOfTheKind) return undefined
    throw error
  }
}

const notOfTheKind = new Error('not for splicing')
const need = (holds: boolean): void => {
  if (!holds) throw notOfTheKind
}

function makePlace(type: unknown, parent: Place['parent'], shape: Shape | undefined): Place {
  need(isObjectType(type))
  return { type: type as GraphQLObjectType, parent, parts: [], fields: new Map(), shape, write: [] }
}

// what the fetches give

type Run = (root: Obj, variables: Readonly<Record<string, unknown>>, send: Send) => Promise<void>

function compileStep(step: Step, root: Place, schema: GraphQLSchema): Run {
  switch (step.kind) {
    case 'sequence': {
      const runs = step.steps.map((child) => compileStep(child, root, schema))
      return async (object, variables, send) => {
        for (const run of runs) await run(object, variables, send)
      }
    }
    case 'parallel': {
      const runs = step.steps.map((child) => compileStep(child, root, schema))
      return async (object, variables, send) => void (await Promise.all(runs.map((run) => run(object, variables, send))))
    }
    case 'fetch':
      return step.fetch.requires ? compileEntities([step.fetch], step, root, schema) : compileRoot(step.fetch, step, root, schema)
    case 'merged':
      return compileEntities(step.fetches, step, root, schema)
  }
}

function compileRoot(fetch: Fetch, step: Step, root: Place, schema: GraphQLSchema): Run {
  need(fetch.path.length === 0 && !fetch.fixOutput)
  const part = addPart(root, fetch.operation.selectionSet.selections, schema)
  const head = toBytes(fetch.head)
  return async (object, variables, send) => {
    const text = await ask(send, fetch.service, `${head}${toBytes(variablesOf(fetch.variables, variables))}}`, fetch.idempotent, step)
    const reader = new Reader(text)
    reader.literal('{"data":')
    object[part.index] = reader.part(part)
    reader.end('}')
  }
}

type Key = { readonly part: number; readonly field: Field }
type Entities = {
  readonly place: Place
  readonly part: Part
  readonly way: readonly Key[]
  /** The text of a representation: each key after what stands before it, and the end. */
  readonly keys: readonly { readonly before: string; readonly key: Key }[]
  readonly after: string
}

function compileEntities(fetches: readonly Fetch[], step: Exclude<Step, { steps: unknown }>, root: Place, schema: GraphQLSchema): Run {
  const entities = fetches.map((fetch): Entities => {
    need(!fetch.fixOutput && !fetch.rewritten && !fetch.contexts)
    const way: Key[] = []
    let place = root
    for (const key of fetch.path.filter((part) => part !== '@')) {
      const found = place.fields.get(key)
      if (!found?.field.place) throw notOfTheKind
      way.push({ part: found.part.index, field: found.field })
      place = found.field.place
    }
    const { keys, after } = representationOf(place, flatKeys(schema, fetch.requires!, place.type.name))
    const [only] = fetch.operation.selectionSet.selections
    if (only?.kind !== Kind.FIELD || !only.selectionSet) throw notOfTheKind
    return { place, part: addPart(place, only.selectionSet.selections, schema), way, keys, after }
  })
  const [{ service, idempotent }] = fetches as readonly [Fetch]
  const alone = fetches.length === 1
  const head = toBytes(step.kind === 'merged' ? step.head : fetches[0]!.head)
  const names = step.kind === 'merged' ? step.variables : fetches[0]!.variables
  return async (object, variables, send) => {
    const wanted = entities.map((one) => want(one, object))
    if (wanted.every(({ representations }) => representations.length === 0)) return
    let lists = ''
    for (let index = 0; index < wanted.length; index++) {
      lists += `${index === 0 ? '' : ','}"${alone ? 'representations' : `representations_${index}`}":[${wanted[index]!.representations.join(',')}]`
    }
    const own = names.length === 0 ? '{}' : toBytes(variablesOf(names, variables))
    const body = `${head}${own === '{}' ? `{${lists}}` : `${own.slice(0, -1)},${lists}}`}}`
    const reader = new Reader(await ask(send, service, body, idempotent, step))
    for (let index = 0; index < wanted.length; index++) {
      const { part } = entities[index]!
      const { objects, slots, representations } = wanted[index]!
      reader.literal(alone ? '{"data":{"_entities":[' : `${index === 0 ? '{"data":{' : ','}"_${index}":[`)
      const read: (Slots | undefined)[] = new Array(representations.length)
      for (let at = 0; at < read.length; at++) {
        if (at > 0) reader.literal(',')
        read[at] = reader.isNull() ? undefined : reader.part(part)
      }
      reader.literal(']')
      for (let at = 0; at < objects.length; at++) objects[at]![part.index] = slots[at]! < 0 ? undefined : read[slots[at]!]
    }
    reader.end('}}')
  }
}

function representationOf(place: Place, names: readonly string[] | undefined): Pick<Entities, 'keys' | 'after'> {
  if (!names) throw notOfTheKind
  const keys: { before: string; key: Key }[] = []
  let text = ''
  for (const [index, name] of names.entries()) {
    text += `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`
    if (name === '__typename') {
      text += JSON.stringify(place.type.name)
      continue
    }
    const found = place.fields.get(name)
    if (!found || found.field.place) throw notOfTheKind
    found.field.apart = true
    keys.push({ before: text, key: { part: found.part.index, field: found.field } })
    text = ''
  }
  return { keys, after: `${text}}` }
}

/** What is asked for: each different entity once, in the order in which the general way finds them. */
function want({ way, keys, after }: Entities, root: Obj): { objects: readonly Obj[]; representations: readonly Bytes[]; slots: readonly number[] } {
  let objects: Obj[] = [root]
  for (const { part, field } of way) {
    const next: Obj[] = []
    for (const object of objects) flatten(object[part]?.[field.slot] as Child | undefined, field.type!, next)
    objects = next
  }
  const indexes = new Map<Bytes, number>()
  const representations: Bytes[] = []
  const slots: number[] = new Array(objects.length)
  for (let at = 0; at < objects.length; at++) {
    const object = objects[at]!
    let text: Bytes | undefined = ''
    // one key tells entities apart as well as the whole text does, which would have to be put together first
    let identity: Bytes = ''
    for (const { before, key } of keys) {
      const value = object[key.part]?.[key.field.slot] as Bytes | undefined
      if (value === undefined) {
        text = undefined
        break
      }
      text += before + value
      identity = keys.length === 1 ? value : text
    }
    let slot = text === undefined ? -1 : indexes.get(identity)
    if (slot === undefined) {
      slot = representations.push(text! + after) - 1
      indexes.set(identity, slot)
    }
    slots[at] = slot
  }
  return { objects, representations, slots }
}

function flatten(child: Child | undefined, type: GraphQLOutputType, into: Obj[]): void {
  if (child === null || child === undefined) return
  const nullable = getNullableType(type)
  if (!isListType(nullable)) into.push(child as Obj)
  else for (const item of child as readonly Child[]) flatten(item, nullable.ofType, into)
}

async function ask(send: Send, service: string, body: Bytes, idempotent: boolean, step: Step): Promise<Bytes> {
  const answer = await send(service, body, idempotent, step)
  if (!('text' in answer)) throw unlike
  return answer.text
}

// what a fetch says, in the order in which it says it

function addPart(place: Place, selections: readonly SelectionNode[], schema: GraphQLSchema): Part {
  const fields: Field[] = []
  const part: Part = { index: place.parts.length, fields, tokens: [], slots: 0 }
  place.parts.push(part)
  const outputs = new Map(place.shape?.fieldsOf(place.type.name).map((output) => [output.source, output]))
  for (const [key, nodes] of collect(place.type, selections, schema)) {
    const { name } = nodes[0]!
    const type = place.type.getFields()[name.value]?.type
    need(type !== undefined || name.value === '__typename')
    const output = outputs.get(key)
    need(!output?.denied)
    const field: Field = { key, type, place: undefined, output, apart: output !== undefined && output.key !== key, slot: -1 }
    if (type && !isLeafType(getNamedType(type))) {
      field.place = makePlace(getNamedType(type), { place, part, field }, output?.shape)
      addPart(field.place, nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []), schema)
    }
    fields.push(field)
    if (!type) continue
    // two fetches that give the same field: which one counts is for the general way to find out
    need(!place.fields.has(key))
    place.fields.set(key, { part, field })
  }
  return part
}

/** The fields of an object in the order of the specification's CollectFields. */
function collect(type: GraphQLObjectType, selections: readonly SelectionNode[], schema: GraphQLSchema, into = new Map<string, FieldNode[]>()): Map<string, FieldNode[]> {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      need(!node.directives?.length)
      const key = node.alias?.value ?? node.name.value
      into.set(key, [...(into.get(key) ?? []), node])
    } else {
      need(node.kind === Kind.INLINE_FRAGMENT && !node.directives?.length)
      if (node.kind !== Kind.INLINE_FRAGMENT) continue
      const on = node.typeCondition?.name.value
      need(on === undefined || isObjectType(schema.getType(on)))
      if (on === undefined || on === type.name) collect(type, node.selectionSet.selections, schema, into)
    }
  }
  return into
}

// how it is read and written, once all fetches are known

/** Whether a field's text is the client's as it stands. */
function isPlain({ key, place, output }: Field): boolean {
  if (!output || output.key !== key) return false
  if (!place) return true
  if (place.parts.length > 1 || !place.shape) return false
  const said = place.parts[0]!.fields
  const asked = place.shape.fieldsOf(place.type.name)
  return said.length === asked.length && said.every((field, index) => !field.apart && asked[index]!.source === field.key && isPlain(field))
}

function finish(place: Place): void {
  const asked = place.shape?.fieldsOf(place.type.name) ?? []
  need(asked.every((field) => !field.denied && !field.isIntrospection && (field.isTypename || place.fields.has(field.source))))
  const order = new Map(asked.map((field, index) => [field.source, index]))
  /** Slot of the run that begins with a field, and its last field. */
  const runs = new Map<Field, { slot: number; last: Field }>()
  for (const part of place.parts) part.tokens = tokensOf(place, part, order, runs)
  const writes: { part: number; pieces: (string | Piece)[]; missing: string[]; canMiss: boolean }[] = []
  for (let index = 0; index < asked.length; index++) {
    const output = asked[index]!
    const prefix = `${index === 0 ? '{' : ','}${JSON.stringify(output.key)}:`
    const found = output.isTypename ? undefined : place.fields.get(output.source)!
    let last = writes.at(-1)
    if (!last || (found && last.part !== found.part.index && last.part >= 0) || (found && last.part < 0)) {
      writes.push((last = { part: found?.part.index ?? -1, pieces: [], missing: [], canMiss: true }))
    }
    if (!found) {
      last.pieces.push(`${prefix}${JSON.stringify(place.type.name)}`)
      last.missing.push(`${prefix}${JSON.stringify(place.type.name)}`)
      continue
    }
    const run = runs.get(found.field)
    if (run) {
      last.pieces.push(index === 0 ? '{' : ',', { slot: run.slot, place: undefined })
      const until = order.get(run.last.key)!
      for (; ; index++) {
        missing(last, asked[index]!, index)
        if (index === until) break
      }
    } else {
      last.pieces.push(prefix, { slot: found.field.slot, place: found.field.place })
      missing(last, output, index)
    }
  }
  place.write = writes.map(({ part, pieces, missing, canMiss }) => ({ part, pieces: joined(pieces), whenMissing: canMiss ? missing.join('') : undefined }))
}

function missing(into: { missing: string[]; canMiss: boolean }, { key, definition }: FieldShape, index: number): void {
  if (isNonNullType(definition.type)) into.canMiss = false
  into.missing.push(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:null`)
}

const joined = (pieces: readonly (string | Piece)[]): (string | Piece)[] =>
  pieces.reduce<(string | Piece)[]>((all, piece) => {
    const last = all.at(-1)
    return typeof piece === 'string' && typeof last === 'string' ? [...all.slice(0, -1), last + piece] : [...all, piece]
  }, [])

function tokensOf(place: Place, part: Part, order: ReadonlyMap<string, number>, runs: Map<Field, { slot: number; last: Field }>): Token[] {
  const tokens: Token[] = []
  let pattern = '\\{'
  let slots: number[] = []
  const capture = (): number => {
    slots.push(part.slots)
    return part.slots++
  }
  const close = (): void => {
    tokens.push({ kind: 'text', pattern: new RegExp(pattern, 'y'), slots })
    pattern = ''
    slots = []
  }
  const said = (field: Field): string => {
    if (!field.apart) return patternOf(field, place)
    field.slot = capture()
    return `"${field.key}":(${valueOf(seenType(field), undefined)})`
  }
  const { fields } = part
  for (let index = 0; index < fields.length; ) {
    const first = fields[index]!
    if (index > 0) pattern += ','
    if (isPlain(first) && first.type) {
      let end = index + 1
      while (end < fields.length && isPlain(fields[end]!) && order.get(fields[end]!.key) === order.get(fields[end - 1]!.key)! + 1) end++
      runs.set(first, { slot: capture(), last: fields[end - 1]! })
      pattern += `(${fields.slice(index, end).map(said).join(',')})`
      index = end
      continue
    }
    index++
    if (first.place) {
      pattern += `"${first.key}":`
      close()
      first.slot = part.slots++
      tokens.push({ kind: 'child', slot: first.slot, place: first.place, type: seenType(first) })
    } else {
      pattern += said(first)
    }
  }
  pattern += '\\}'
  close()
  return tokens
}

const string = '"[^"\\\\\\x00-\\x1f]*(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\\\\x00-\\x1f]*)*"'
const integer = '-?(?:0|[1-9]\\d*)'
const number = `${integer}(?:\\.\\d+)?(?:[eE][+-]?\\d+)?`
const ofScalar: Readonly<Record<string, string>> = { Int: integer, Float: number, Boolean: 'true|false', String: string, ID: `${string}|${integer}` }

/** Its type to the client; what the client does not see may be null. */
const seenType = ({ type, output }: Field): GraphQLOutputType => output?.definition.type ?? getNullableType(type!)

const patternOf = (field: Field, { type }: Place): string => `"${field.key}":${field.type ? valueOf(seenType(field), field.place) : `"${type.name}"`}`

function valueOf(type: GraphQLOutputType, place: Place | undefined): string {
  if (isNonNullType(type)) return notNull(type.ofType, place)
  return `(?:null|${notNull(type, place)})`
}

function notNull(type: GraphQLOutputType, place: Place | undefined): string {
  if (isListType(type)) {
    const item = valueOf(type.ofType, place)
    return `\\[(?:${item}(?:,${item})*)?\\]`
  }
  if (!place) return leafOf(type as GraphQLLeafType)
  return `\\{${place.parts[0]!.fields.map((field) => patternOf(field, place)).join(',')}\\}`
}

/** A value of a custom scalar that is an object or a list is left to the general way. */
function leafOf(type: GraphQLLeafType): string {
  if (isEnumType(type)) return `"(?:${type.getValues().map(({ name }) => name).join('|')})"`
  return `(?:${ofScalar[type.name] ?? `${string}|${number}|true|false`})`
}

class Reader {
  readonly #text: Bytes
  #at = 0

  constructor(text: Bytes) {
    this.#text = text
  }

  literal(expected: string): void {
    if (!this.#text.startsWith(expected, this.#at)) throw unlike
    this.#at += expected.length
  }

  /** The last of an answer; some servers end it with a line break. */
  end(expected: string): void {
    this.literal(expected)
    if (this.#at < this.#text.length && this.#text.slice(this.#at) !== '\n') throw unlike
  }

  isNull(): boolean {
    if (!this.#text.startsWith('null', this.#at)) return false
    this.#at += 4
    return true
  }

  part({ tokens, slots }: Part): Slots {
    const read: Slots = new Array(slots)
    for (const token of tokens) {
      if (token.kind === 'child') {
        read[token.slot] = this.#value(token.type, token.place)
        continue
      }
      const { pattern } = token
      pattern.lastIndex = this.#at
      const match = pattern.exec(this.#text)
      if (!match) throw unlike
      this.#at = pattern.lastIndex
      for (let index = 0; index < token.slots.length; index++) read[token.slots[index]!] = match[index + 1]!
    }
    return read
  }

  #value(type: GraphQLOutputType, place: Place): Child {
    if (isNonNullType(type)) return this.#notNull(type.ofType, place)
    return this.isNull() ? null : this.#notNull(type, place)
  }

  #notNull(type: GraphQLOutputType, place: Place): Child {
    if (!isListType(type)) return [this.part(place.parts[0]!)]
    const items: Child[] = []
    this.literal('[')
    if (this.#text.startsWith(']', this.#at)) {
      this.#at++
      return items
    }
    for (;;) {
      items.push(this.#value(type.ofType, place))
      if (this.#text.charCodeAt(this.#at) !== 44) break
      this.#at++
    }
    this.literal(']')
    return items
  }
}

function write(place: Place, object: Obj): Bytes {
  let text = ''
  for (const { part, pieces, whenMissing } of place.write) {
    const slots = part < 0 ? noSlots : object[part]
    if (slots === undefined) {
      if (whenMissing === undefined) throw unlike
      text += whenMissing
      continue
    }
    for (const piece of pieces) {
      if (typeof piece === 'string') text += piece
      else text += piece.place ? writeChild(piece.place, slots[piece.slot] as Child, piece.place.parent!.field.type!) : (slots[piece.slot] as Bytes)
    }
  }
  return `${text}}`
}
const noSlots: Slots = []

function writeChild(place: Place, child: Child, type: GraphQLOutputType): Bytes {
  if (child === null) return 'null'
  const nullable = getNullableType(type)
  if (!isListType(nullable)) return write(place, child as Obj)
  let text = ''
  for (const item of child as readonly Child[]) text += `${text === '' ? '' : ','}${writeChild(place, item, nullable.ofType)}`
  return `[${text}]`
}
