/** PostgreSQL has no place for NUL, nor for half a character (a lone surrogate): such text is refused at the edge, by its name. */

/** Where in `value` the first such text is, as a path; undefined where there is none. */
export function notStorableAt(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\u0000') || !value.isWellFormed() ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, member] of Object.entries(value)) {
    const found = notStorableAt(name, `${path}.?`) ?? notStorableAt(member, `${path}.${name}`)
    if (found) return found
  }
  return undefined
}

/** Whether looking is worth it: both can only come as escapes in JSON, which is read as UTF-8. */
export const mayNotBeStorable = (json: string): boolean => /\\u(?:0000|d[89a-f]|\{0+\})/i.test(json)
