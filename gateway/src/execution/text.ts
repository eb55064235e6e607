/** Writes an answer straight to JSON, for the usual case that nothing went wrong: no errors, no denied field, every value in place. */
import { isLeafType, isListType, isNonNullType, isObjectType, type GraphQLOutputType } from 'graphql'
import { fitsLeaf, typenameOf, type FieldShape, type Shape } from '../operations/selection.ts'
import type { Raw } from './project.ts'

/** Undefined where the answer needs the careful way, which knows what to report and what becomes null. */
export type Write = (value: unknown) => string | undefined

const special = /["\\\u0000-\u001f\ud800-\udfff]/
/** A JSON string. */
export const quote = (text: string): string => (special.test(text) ? JSON.stringify(text) : `"${text}"`)

type FieldWriter = {
  readonly source: string
  /** Comma, name and colon. */
  readonly prefix: string
  /** What is written for null; undefined where null may not be. */
  readonly whenNull: string | undefined
  readonly write: Write
}

export function compileText(shape: Shape): Write {
  const only = isObjectType(shape.type) ? shape.type.name : undefined
  const byType = new Map<string, readonly FieldWriter[] | null>()
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined
    const source = value as Raw
    const typename = only ?? typenameOf(shape, source)
    if (typename === undefined) return undefined
    let fields = byType.get(typename)
    if (fields === undefined) byType.set(typename, (fields = fieldWriters(shape.fieldsOf(typename), typename)))
    if (fields === null) return undefined
    let text = ''
    for (const { source: key, prefix, whenNull, write } of fields) {
      const value = source[key]
      if (value === null || value === undefined) {
        if (whenNull === undefined) return undefined
        text += whenNull
      } else {
        const written = write(value)
        if (written === undefined) return undefined
        text += prefix + written
      }
    }
    return `{${text}}`
  }
}

/** Null where a field is denied or answered by introspection. */
function fieldWriters(fields: readonly FieldShape[], typename: string): FieldWriter[] | null {
  if (fields.some(({ denied, isIntrospection }) => denied || isIntrospection)) return null
  return fields.map((field, index) => {
    const prefix = `${index === 0 ? '' : ','}${JSON.stringify(field.key)}:`
    if (field.isTypename) {
      const text = JSON.stringify(typename)
      return { source: field.source, prefix, whenNull: prefix + text, write: () => text }
    }
    const { type } = field.definition
    return { source: field.source, prefix, whenNull: isNonNullType(type) ? undefined : `${prefix}null`, write: writerOf(isNonNullType(type) ? type.ofType : type, field) }
  })
}

function writerOf(type: GraphQLOutputType, field: FieldShape): Write {
  if (isListType(type)) {
    const nullable = !isNonNullType(type.ofType)
    const item = writerOf(isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType, field)
    return (value) => {
      if (!Array.isArray(value)) return undefined
      let text = ''
      for (let index = 0; index < value.length; index++) {
        const one: unknown = value[index]
        const written = one !== null && one !== undefined ? item(one) : nullable ? 'null' : undefined
        if (written === undefined) return undefined
        text += index === 0 ? written : `,${written}`
      }
      return `[${text}]`
    }
  }
  if (isLeafType(type)) {
    const fits = fitsLeaf(type)
    return (value) => (!fits(value) ? undefined : typeof value === 'string' ? quote(value) : JSON.stringify(value))
  }
  return field.shape ? compileText(field.shape) : () => undefined
}
