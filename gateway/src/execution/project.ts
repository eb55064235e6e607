/** Turns what the subgraphs said into the answer: exactly the fields asked for, nulls bubbling as the specification has it. */
import { GraphQLError, getNullableType, isLeafType, isListType, isNonNullType, type GraphQLOutputType } from 'graphql'
import type { Absent } from './execute.ts'
import { fitsLeaf, typenameOf, type FieldShape, type Shape } from '../operations/selection.ts'

export type Raw = Record<string, unknown>
type Path = { readonly key: string | number; readonly previous: Path | undefined }

export type Projection = { readonly data: Raw | null; readonly errors: GraphQLError[] }

const refusals = {
  UNAUTHENTICATED: 'sign in to see this field',
  FORBIDDEN: 'your roles do not give you this field',
} as const

/** Marks a null that its non-null position cannot hold: the nearest nullable parent becomes null. */
const bubbles = Symbol('bubbles')
/** After so many, further findings say nothing new. */
const maxErrors = 100

/**
 * `raw` is the object at `at`, usually the whole answer. `known` are the errors of the subgraphs, with their paths; a null they explain is not reported again.
 * `introspect` answers __schema and __type. `absent`: entities that their service does not show.
 */
export function project(shape: Shape, raw: Raw, known: readonly GraphQLError[], introspect: (key: string) => unknown, at: readonly (string | number)[] = [], absent?: Absent): Projection {
  const errors: GraphQLError[] = []
  const report = (message: string, code: string, path: Path, more: object = {}): void => {
    if (errors.length < maxErrors) errors.push(new GraphQLError(message, { path: toArray(path), extensions: { code, ...more } }))
  }
  const explained = (path: Path): boolean => {
    // an error inside an object may have cost the whole object, and with it the fields beside the failed one
    const object = toArray(path).slice(0, -1)
    return [...known, ...errors].some((error) => error.path !== undefined && overlaps(error.path, object))
  }

  const completeObject = (shape: Shape, source: Raw, path: Path | undefined): Raw | typeof bubbles | null => {
    const typename = typenameOf(shape, source)
    if (typename === undefined) return null
    const result: Raw = {}
    for (const field of shape.fieldsOf(typename)) {
      const value = completeField(field, source, typename, path)
      if (value === bubbles) return bubbles
      result[field.key] = value
    }
    return result
  }

  const completeField = (field: FieldShape, source: Raw, typename: string, parent: Path | undefined): unknown => {
    if (field.isTypename) return typename
    if (field.isIntrospection) return introspect(field.key)
    const value = source[field.source]
    // most fields are leaves that fit: they need no path
    if (field.fits !== undefined && value !== null && value !== undefined && field.denied === undefined && field.fits(value)) return value
    const path: Path = { key: field.key, previous: parent }
    if (field.denied) {
      report(refusals[field.denied], field.denied, path)
      return isNonNullType(field.definition.type) ? bubbles : null
    }
    if (value === undefined && isNonNullType(field.definition.type)) {
      const owner = absent?.get(source)?.find(({ keys }) => keys.includes(field.source))
      if (owner && !explained(path)) report(`there is no such ${typename}, or it is not yours`, 'NOT_FOUND', path, { serviceName: owner.service })
    }
    return complete(field.definition.type, field, value, path, typename)
  }

  const complete = (type: GraphQLOutputType, field: FieldShape, value: unknown, path: Path, typename: string): unknown => {
    if (isNonNullType(type)) {
      const completed = complete(getNullableType(type), field, value, path, typename)
      if (completed !== null) return completed
      if (!explained(path)) report(`${typename}.${field.definition.name} may not be null, but its subgraph gave no value`, 'INVALID_SUBGRAPH_RESPONSE', path)
      return bubbles
    }
    if (value === null || value === undefined) return null
    if (isListType(type)) {
      if (!Array.isArray(value)) return invalid(field, typename, path)
      const list: unknown[] = new Array(value.length)
      for (let index = 0; index < value.length; index++) {
        const item = complete(type.ofType, field, value[index], { key: index, previous: path }, typename)
        if (item === bubbles) return null
        list[index] = item
      }
      return list
    }
    if (isLeafType(type)) return fitsLeaf(type)(value) ? value : invalid(field, typename, path)
    if (typeof value !== 'object' || !field.shape) return invalid(field, typename, path)
    const object = completeObject(field.shape, value as Raw, path)
    return object === bubbles ? null : object
  }

  const invalid = (field: FieldShape, typename: string, path: Path): null => {
    report(`the subgraph's value of ${typename}.${field.definition.name} does not fit its type`, 'INVALID_SUBGRAPH_RESPONSE', path)
    return null
  }

  const data = completeObject(shape, raw, at.reduce<Path | undefined>((previous, key) => ({ key, previous }), undefined))
  return { data: data === bubbles ? null : data, errors }
}

function toArray(path: Path): (string | number)[] {
  const keys: (string | number)[] = []
  for (let at: Path | undefined = path; at; at = at.previous) keys.unshift(at.key)
  return keys
}

function overlaps(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  const shorter = Math.min(a.length, b.length)
  for (let index = 0; index < shorter; index++) if (a[index] !== b[index]) return false
  return true
}
