import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Store } from '../shared/store.ts'
import { isSignedBy } from './signature.ts'

/** A programme knows people by these, and by no id of the pharmacy's. */
interface Patient {
  family: string
  given: string
  dateOfBirth: string
  sex?: 'F' | 'M' | 'U'
  address?: { postalCode?: string | null } | null
}
interface Pharmacy {
  npi: string
  dea: string
  ncpdp: string
}
/** A dispensing a pharmacy told of; `state` and `fillId` name it, `reporting` 02 takes it back. */
interface Dispensing {
  state: string
  fillId: string
  reporting: '00' | '02'
  pharmacy: Pharmacy
  patient: Patient
  prescriber: { npi: string }
  [field: string]: unknown
}

const text = { type: 'string', minLength: 1 }
const day = { type: 'string', format: 'date' }
const pharmacy = { type: 'object', required: ['npi', 'dea', 'ncpdp'], properties: { npi: { type: 'string', pattern: '^\\d{10}$' }, dea: { type: 'string', pattern: '^[A-Z][A-Z9]\\d{7}$' }, ncpdp: { type: 'string', pattern: '^\\d{7}$' } } }
const patient = { type: 'object', required: ['family', 'given', 'dateOfBirth'], properties: { family: text, given: text, dateOfBirth: day, sex: { enum: ['F', 'M', 'U'] } } }
const state = { params: { type: 'object', properties: { state: { type: 'string', pattern: '^[A-Z]{2}$' } } } }
const body = (properties: Record<string, object>) => ({ ...state, body: { type: 'object', required: Object.keys(properties), properties } })
/** What ASAP 4.2B has every programme ask for; a record without it is refused. */
const dispensing = body({
  fillId: text, reporting: { enum: ['00', '02'] }, pharmacy, patient, prescriptionNumber: text, dateWritten: day, refillsAuthorized: { type: 'integer', minimum: 0 }, dateFilled: day,
  refillNumber: { type: 'integer', minimum: 0 }, ndc: { type: 'string', pattern: '^\\d{11,12}$' }, quantity: { type: 'number', exclusiveMinimum: 0 }, unit: { enum: ['01', '02', '03'] }, schedule: text,
  origin: { enum: ['01', '03', '05'] }, partialFill: { type: 'string', pattern: '^\\d{2}$' }, paymentType: { enum: ['01'] },
  prescriber: { type: 'object', required: ['npi'], properties: { npi: text } },
})

const letters = (name: string): string => name.normalize('NFKD').replace(/[^\p{L}]/gu, '').toLowerCase()
const agree = (a: string | undefined, b: string | undefined): boolean => !a || !b || a === b
const sexOf = ({ sex }: Patient): string | undefined => (sex === 'U' ? undefined : sex)
const zipOf = ({ address }: Patient): string | undefined => address?.postalCode?.slice(0, 5)
/** Name and day of birth agree, and nothing else that both say differs. */
const isSamePerson = (a: Patient, b: Patient): boolean =>
  letters(a.family) === letters(b.family) && letters(a.given) === letters(b.given) && a.dateOfBirth === b.dateOfBirth && agree(sexOf(a), sexOf(b)) && agree(zipOf(a), zipOf(b))

/** The states' prescription monitoring programmes: they know what pharmacies told them, each state its own. */
export function servePdmp(app: FastifyInstance, store: Store, secret: string): void {
  const dispensings = store.table<Dispensing>('pdmp-dispensings')
  const zeroReports = store.table<{ state: string; day: string }>('pdmp-zero-reports')

  const signed = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { 'x-erx-signature': signature, 'x-erx-timestamp': timestamp } = request.headers
    if (!isSignedBy(secret, JSON.stringify(request.body), String(timestamp), String(signature))) await reply.code(401).send({ error: { status: 401, message: 'The signature does not match.' } })
  }

  app.post<{ Params: { state: string }; Body: { patient: Patient } }>('/pdmp/:state/query', { schema: body({ pharmacy, patient }), preHandler: signed }, async ({ params, body: question }) => {
    // what was told before people were named is nobody's
    const known = [...dispensings.all()].filter((each) => each.state === params.state && each.reporting !== '02' && each.patient && isSamePerson(each.patient, question.patient))
    return { dispensings: known.length, prescribers: new Set(known.map(({ prescriber }) => prescriber.npi)).size, pharmacies: new Set(known.map((each) => each.pharmacy.dea)).size }
  })

  app.post<{ Params: { state: string }; Body: Dispensing }>('/pdmp/:state/dispensings', { schema: dispensing, preHandler: signed }, async (request) => {
    const told = { ...request.body, state: request.params.state }
    store.transaction(() => dispensings.put(`${told.state} ${told.fillId}`, told))
    return { received: true }
  })

  app.post<{ Params: { state: string }; Body: { day: string } }>('/pdmp/:state/zero-reports', { schema: body({ pharmacy, day: text }), preHandler: signed }, async (request) => {
    const { day: told } = request.body
    store.transaction(() => zeroReports.put(`${request.params.state} ${told}`, { state: request.params.state, day: told }))
    return { received: true }
  })

  app.get('/control/pdmp', async () => ({ dispensings: [...dispensings.all()], zeroReports: [...zeroReports.all()] }))
}
