import { badParam } from './errors.ts'

type FormValue = string | FormValue[] | { [key: string]: FormValue }
export type Form = { [key: string]: FormValue }

/**
 * Decodes `a[b][c]=1&d[]=2&d[0]=3` as Stripe's clients write it: nested objects, and arrays where every key is empty
 * or counts up from 0.
 */
export function decodeForm(text: string): Form {
  const root: Form = Object.create(null) as Form
  for (const [name, value] of new URLSearchParams(text)) {
    const keys = [name.replace(/\[.*$/s, ''), ...[...name.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')]
    let node = root
    for (const [depth, key] of keys.entries()) {
      const slot = key === '' ? String(Object.keys(node).length) : key
      if (depth === keys.length - 1) node[slot] = value
      else {
        const child = node[slot]
        node = (typeof child === 'object' ? child : (node[slot] = Object.create(null) as Form)) as Form
      }
    }
  }
  return Object.fromEntries(Object.entries(root).map(([key, value]) => [key, toArrays(value)]))
}

function toArrays(value: FormValue): FormValue {
  if (typeof value !== 'object' || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, toArrays(inner)] as const)
  return entries.every(([key], index) => key === String(index)) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** The parameters of one call, read with Stripe's own complaints. `undefined` means not given, '' unset. */
export class Params {
  readonly form: Form
  /** The version of the API the caller asked for, such as `2026-10-28.endive`. */
  readonly apiVersion: string
  readonly #path: string

  constructor(form: Form, apiVersion: string, path = '') {
    this.form = form
    this.apiVersion = apiVersion
    this.#path = path
  }

  /** Refuses what the endpoint does not know, so that a misspelt parameter is never silently ignored. */
  allow(names: readonly string[]): void {
    const unknown = Object.keys(this.form).find((name) => !names.includes(name))
    if (unknown) throw badParam(this.#name(unknown), `Received unknown parameter: ${this.#name(unknown)}`, 'parameter_unknown')
  }

  has(name: string): boolean {
    return this.form[name] !== undefined
  }

  text(name: string): string | undefined {
    const value = this.form[name]
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string') throw badParam(this.#name(name), 'Invalid string: expected a single value')
    return value
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw badParam(this.#name(name), `Missing required param: ${this.#name(name)}.`, 'parameter_missing')
    return value
  }

  integer(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (!/^-?\d{1,15}$/.test(value)) throw badParam(this.#name(name), `Invalid integer: ${value}`, 'parameter_invalid_integer')
    return Number(value)
  }

  flag(name: string): boolean {
    const value = this.text(name)
    if (value !== undefined && value !== 'true' && value !== 'false') throw badParam(this.#name(name), `Invalid boolean: ${value}`)
    return value === 'true'
  }

  oneOf<const T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined || values.includes(value as T)) return value as T | undefined
    throw badParam(this.#name(name), `Invalid ${this.#name(name)}: must be one of ${values.join(', ')}`)
  }

  list(name: string): string[] | undefined {
    const value = this.form[name]
    if (value === undefined || value === '') return undefined
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw badParam(this.#name(name), 'Invalid array')
    return value as string[]
  }

  /** The parameters inside `name[...]`. */
  group(name: string): Params | undefined {
    const value = this.form[name]
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'object') throw badParam(this.#name(name), 'Invalid object')
    return new Params({ ...value } as Form, this.apiVersion, this.#name(name))
  }

  /** Metadata after this call: keys are merged, '' unsets one, `metadata=` unsets all. */
  metadata(current: Record<string, string> = {}): Record<string, string> {
    if (this.form['metadata'] === '') return {}
    const given = this.group('metadata')
    if (!given) return current
    const merged = { ...current, ...Object.fromEntries(Object.keys(given.form).map((key) => [key, given.text(key) ?? ''])) }
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
  }

  #name(name: string): string {
    return this.#path ? `${this.#path}[${name}]` : name
  }
}
