/**
 * Event contracts: schema/events/<owner>.<fact>.v<N>.json, JSON Schema of `data` with one example. Checked when an
 * event is emitted and when it is consumed. CloudEvents 1.0, structured JSON.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { AppError } from './errors.ts'

/** Event type → shape of its data; filled in by the code generated from schema/events. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface EventMap {}
export type EventType = keyof EventMap & string

export type CloudEvent<Type extends EventType = EventType> = {
  specversion: '1.0'
  id: string
  source: string
  type: Type
  /** Id of the aggregate the fact is about. */
  subject: string
  time: string
  datacontenttype: 'application/json'
  actor: string
  actorrole: string
  correlationid: string
  causationid?: string
  traceparent?: string
  data: EventMap[Type]
}

export const eventsFolder = resolve(import.meta.dirname, '../../schema/events')

let contracts: Map<string, ValidateFunction> | undefined
function loadContracts(): Map<string, ValidateFunction> {
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  formats.default(ajv)
  const types = readdirSync(eventsFolder).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  return new Map(types.map((type) => [type, ajv.compile(JSON.parse(readFileSync(resolve(eventsFolder, `${type}.json`), 'utf8')))]))
}

/** Throws where `data` does not fit the contract of `type`; names the place, never the value. */
export function checkEvent(type: string, data: unknown): void {
  contracts ??= loadContracts()
  const validate = contracts.get(type)
  if (!validate) throw new AppError('INTERNAL', `no contract for event ${type}: add schema/events/${type}.json`)
  if (validate(data)) return
  const where = (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`).join('; ')
  throw new AppError('INVALID_INPUT', `event ${type} does not fit its contract: ${where}`, { field: 'data' })
}

/** events.<owner>.<fact>.<version>.<aggregate id> */
export const subjectOf = (type: string, aggregate: string): string => `events.${type}.${aggregate.replaceAll(/[\s.*>]/g, '_')}`
