import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { demoLots, demoStock, lowStockNdcs, outOfStockNdcs, quarantinedNdcs } from '../data/stock.ts'
import { people as accounts } from '../src/identity/people.ts'

interface Ingredient {
  rxcui: string | null
  name: string
  strength: string
}
interface Drug {
  id: string
  ndc: string
  labeler: string
  name: string
  genericName: string
  ingredients: Ingredient[]
  form: string
  route: string
  deaSchedule: string
  rxOnly: boolean
  packageSize: number
  packageUnit: string
  packageDescription: string
  pharmClass: string
  teCode?: string
  storageClass: string
  description: string
  sideEffects: string[]
  priceMinor: number
  source: string
}
interface Side {
  kind: string
  name: string
  members: string[]
}
interface Interaction {
  id: string
  a: Side
  b: Side
  severity: string
  oncPair?: number
  mechanism: string
  effect: string
  management: string
  patientText: string
  evidence: string
  knowledgeVersion: string
}
interface Practitioner {
  id: string
  kind: string
  givenName: string
  familyName: string
  npi: string
  dea: string | null
  licenseNumber: string
  licenseState: string
  scheduleAuthority: string[]
  phone: string
}
interface Patient {
  id: string
  givenName: string
  familyName: string
  email: string
  phone: string
  birthDate: string
  homeAddressId: string
  allergies: { code: string; members: string[] }[]
  conditions: { code: string }[]
}
interface Place {
  id: string
  line1: string
  city: string
  state: string
  postalCode: string
  lat: number
  lng: number
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8')) as T
}

const { drugs } = read<{ drugs: Drug[] }>('formulary.json')
const { interactions } = read<{ interactions: Interaction[] }>('interactions.json')
const people = read<{ practitioners: Practitioner[]; patients: Patient[]; staff: { id: string }[] }>('people.json')
const places = read<{ pharmacies: Place[]; addresses: (Place & { patientId: string; nearestPharmacyId: string })[] }>('places.json')
const fleet = read<{
  drivers: { id: string; givenName: string; familyName: string; vehicleId: string; homePharmacyId: string; phone: string; shifts: { start: string; end: string }[] }[]
  vehicles: { id: string; ambientCapacityLitres: number; coldBoxCapacityLitres: number }[]
}>('fleet.json')
const ingredientNames = new Set(drugs.flatMap((drug) => drug.ingredients.map(({ name }) => name)))

test('the formulary is broad enough for a retail pharmacy', () => {
  const count = (matches: (drug: Drug) => boolean) => drugs.filter(matches).length
  assert.ok(drugs.length >= 160, `${drugs.length} drugs`)
  assert.ok(count((drug) => !drug.rxOnly) >= 20, 'two dozen over-the-counter products')
  assert.ok(count((drug) => drug.storageClass === 'REFRIGERATED') >= 10, 'a dozen refrigerated products')
  for (const schedule of ['CII', 'CIII', 'CIV', 'CV']) assert.ok(count((drug) => drug.deaSchedule === schedule) >= 2, schedule)
})

test('every drug is complete and its price a positive number of cents', () => {
  for (const drug of drugs) {
    for (const field of ['labeler', 'name', 'genericName', 'form', 'route', 'pharmClass', 'packageDescription', 'source'] as const) {
      assert.ok(drug[field].length > 1, `${drug.ndc} ${field}`)
    }
    assert.match(drug.description, /^[A-Z].*\.$/, `${drug.ndc} description is a sentence`)
    assert.ok(drug.sideEffects.length >= 3 && drug.sideEffects.length <= 5, `${drug.ndc} side effects`)
    assert.ok(Number.isInteger(drug.priceMinor) && drug.priceMinor > 0, `${drug.ndc} price`)
    assert.ok(Number.isInteger(drug.packageSize) && drug.packageSize > 0, `${drug.ndc} package size`)
    assert.match(drug.packageUnit, /^[A-Z]+$/, `${drug.ndc} package unit`)
    assert.ok(['CRT', 'REFRIGERATED', 'FROZEN', 'COOL'].includes(drug.storageClass), `${drug.ndc} storage`)
    assert.ok(drug.ingredients.length >= 1, `${drug.ndc} ingredients`)
    for (const { strength } of drug.ingredients) assert.match(strength, /^[\d.,]+ (mg|ug|g|meq|units|%)(\/\S+)?$/, `${drug.ndc} strength "${strength}"`)
    if (drug.teCode !== undefined) assert.match(drug.teCode, /^A[A-Z]\d?$/, `${drug.ndc} TE code`)
  }
})

const ndcShape = /^(\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d)$/
const ndc11 = (ndc: string) => padded(ndc, [5, 4, 2])
const ndc12 = (ndc: string) => padded(ndc, [6, 4, 2])
function padded(ndc: string, widths: readonly number[]): string {
  return ndc.split('-').map((segment, index) => segment.padStart(widths[index] as number, '0')).join('-')
}

test('every NDC is hyphenated, unique in 10, 11 and 12 digits, and its package text names it', () => {
  for (const { ndc, packageDescription } of drugs) {
    assert.match(ndc, ndcShape)
    assert.ok(packageDescription.endsWith(`(${ndc})`), ndc)
  }
  for (const form of [(ndc: string) => ndc.replaceAll('-', ''), ndc11, ndc12]) {
    assert.equal(new Set(drugs.map(({ ndc }) => form(ndc))).size, drugs.length)
  }
})

test('an NDC survives the way from 10 to 11 to 12 digits and back', () => {
  for (const { ndc } of drugs) {
    assert.match(ndc11(ndc), /^\d{5}-\d{4}-\d{2}$/)
    assert.match(ndc12(ndc), /^0\d{5}-\d{4}-\d{2}$/)
    assert.equal(ndc12(ndc).slice(1), ndc11(ndc))
    const widths = ndc.split('-').map((segment) => segment.length)
    const back = ndc12(ndc).split('-').map((segment, index) => segment.slice(segment.length - (widths[index] as number))).join('-')
    assert.equal(back, ndc)
  }
})

test('a labeler numbers its products one way only: a labeler code has one segment shape', () => {
  const shapes = new Map<string, string>()
  for (const { ndc } of drugs) {
    const [labeler = '', product = '', pack = ''] = ndc.split('-')
    const shape = `${labeler.length}-${product.length}-${pack.length}`
    assert.equal(shapes.get(labeler) ?? shape, shape, ndc)
    shapes.set(labeler, shape)
  }
})

test('a GTIN-14 can be computed for every NDC, with the check digit of the published examples', () => {
  assert.equal(gtin14('0591-0369-01', 0), '00305910369019')
  assert.equal(gtin14('0591-0369-01', 3), '30305910369010')
  const gtins = drugs.map(({ ndc }) => gtin14(ndc, 0))
  for (const gtin of gtins) assert.match(gtin, /^003\d{11}$/)
  assert.equal(new Set(gtins).size, drugs.length)
})

function gtin14(ndc: string, indicator: number): string {
  const body = `${indicator}03${ndc.replaceAll('-', '')}`
  const sum = [...body].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0)
  return `${body}${(10 - (sum % 10)) % 10}`
}

test('an ingredient has one RxNorm code and a code one ingredient', () => {
  const codeOf = new Map<string, string | null>()
  const nameOf = new Map<string, string>()
  for (const { name, rxcui } of drugs.flatMap((drug) => drug.ingredients)) {
    assert.equal(codeOf.has(name) ? codeOf.get(name) : rxcui, rxcui, name)
    codeOf.set(name, rxcui)
    if (rxcui === null) continue
    assert.match(rxcui, /^\d{2,7}$/, name)
    assert.equal(nameOf.get(rxcui) ?? name, name, rxcui)
    nameOf.set(rxcui, name)
  }
})

// 21 CFR 1308.12–1308.15, for the ingredients the formulary may hold. Codeine and hydrocodone depend on the product.
const schedules: Record<string, readonly string[]> = {
  amphetamine: ['CII'],
  dextroamphetamine: ['CII'],
  lisdexamfetamine: ['CII'],
  methylphenidate: ['CII'],
  oxycodone: ['CII'],
  hydrocodone: ['CII'],
  hydromorphone: ['CII'],
  morphine: ['CII'],
  methadone: ['CII'],
  meperidine: ['CII'],
  fentanyl: ['CII'],
  codeine: ['CIII'],
  buprenorphine: ['CIII'],
  testosterone: ['CIII'],
  butalbital: ['CIII'],
  alprazolam: ['CIV'],
  clonazepam: ['CIV'],
  diazepam: ['CIV'],
  lorazepam: ['CIV'],
  temazepam: ['CIV'],
  zolpidem: ['CIV'],
  eszopiclone: ['CIV'],
  zaleplon: ['CIV'],
  phenobarbital: ['CIV'],
  tramadol: ['CIV'],
  phentermine: ['CIV'],
  carisoprodol: ['CIV'],
  modafinil: ['CIV'],
  armodafinil: ['CIV'],
  pregabalin: ['CV'],
  lacosamide: ['CV'],
  brivaracetam: ['CV'],
  diphenoxylate: ['CV'],
}

test('controlled substances, and only they, carry their federal schedule and need a prescription', () => {
  for (const drug of drugs) {
    const controlled = drug.ingredients.map(({ name }) => schedules[name]).find((schedule) => schedule !== undefined)
    assert.ok((controlled ?? ['NONE']).includes(drug.deaSchedule), `${drug.ndc} ${drug.name} is ${drug.deaSchedule}`)
    if (controlled) assert.ok(drug.rxOnly, drug.ndc)
  }
})

test('every member of an interaction is an ingredient of the formulary', () => {
  for (const interaction of interactions) {
    for (const side of [interaction.a, interaction.b]) {
      assert.ok(side.kind === 'ingredient' || side.kind === 'class', interaction.id)
      assert.ok(side.members.length >= 1, `${interaction.id} ${side.name} is empty`)
      if (side.kind === 'ingredient') assert.deepEqual(side.members, [side.name], interaction.id)
      for (const member of side.members) assert.ok(ingredientNames.has(member), `${interaction.id}: ${member}`)
      assert.equal(new Set(side.members).size, side.members.length, `${interaction.id} ${side.name} repeats a member`)
    }
    assert.ok(['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'].includes(interaction.severity), interaction.id)
    for (const field of ['mechanism', 'effect', 'management', 'patientText'] as const) assert.match(interaction[field], /^.+\.$/, `${interaction.id} ${field}`)
    assert.match(interaction.evidence, /\S/, interaction.id)
    assert.match(interaction.knowledgeVersion, /^\d{4}\.\d+$/, interaction.id)
  }
  assert.equal(new Set(interactions.map(({ id }) => id)).size, interactions.length)
})

test('all fifteen high-priority pairs are there, contraindicated, beside forty others', () => {
  const pairs = interactions.filter(({ oncPair }) => oncPair !== undefined)
  assert.deepEqual(pairs.map(({ oncPair }) => oncPair).sort((a = 0, b = 0) => a - b), Array.from({ length: 15 }, (_, index) => index + 1))
  for (const { id, severity } of pairs) assert.equal(severity, 'CONTRAINDICATED', id)
  assert.ok(interactions.length >= 55, `${interactions.length} interactions`)
})

test('every NPI passes the Luhn check over 80840', () => {
  assert.ok(npiValid('1234567893'))
  assert.ok(!npiValid('1234567890'))
  for (const { npi, familyName } of people.practitioners) assert.ok(npiValid(npi), familyName)
})

function npiValid(npi: string): boolean {
  const sum = [...`80840${npi}`].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return /^[12]\d{9}$/.test(npi) && sum % 10 === 0
}

test('every DEA number passes its checksum and carries the initial of the surname', () => {
  assert.ok(deaValid('AP5836727'))
  assert.ok(!deaValid('AB4523763'))
  const registered = people.practitioners.filter((practitioner) => practitioner.dea !== null)
  assert.ok(registered.length >= 6)
  for (const { dea, familyName } of registered) {
    assert.ok(deaValid(dea as string), familyName)
    assert.equal((dea as string)[1], familyName[0], familyName)
  }
  for (const { dea, scheduleAuthority, familyName } of people.practitioners) assert.equal(dea !== null, scheduleAuthority.length > 0, familyName)
})

function deaValid(dea: string): boolean {
  const digits = [...dea.slice(2)].map(Number) as [number, number, number, number, number, number, number]
  const [d1, d2, d3, d4, d5, d6, d7] = digits
  return /^[A-Z][A-Z9]\d{7}$/.test(dea) && (d1 + d3 + d5 + 2 * (d2 + d4 + d6)) % 10 === d7
}

test('ids are version 7 UUIDs and unique across all files', () => {
  const lots = demoStock(drugs, places.pharmacies)
  const ids = [...drugs, ...people.practitioners, ...people.patients, ...people.staff, ...places.pharmacies, ...places.addresses, ...fleet.drivers, ...fleet.vehicles, ...lots].map(({ id }) => id)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
})

test('the demo accounts are the same people as in the data', () => {
  const records = new Map([...people.practitioners, ...people.patients, ...people.staff, ...fleet.drivers].map((record) => [record.id, record as { givenName?: string; familyName?: string }]))
  for (const account of Object.values(accounts) as { name: string; givenName: string; familyName: string; patientId?: string; practitionerId?: string; pharmacistId?: string; technicianId?: string; driverId?: string }[]) {
    const id = account.patientId ?? account.practitionerId ?? account.pharmacistId ?? account.technicianId ?? account.driverId
    if (id === undefined) continue
    const record = records.get(id)
    assert.equal(`${record?.givenName} ${record?.familyName}`, `${account.givenName} ${account.familyName}`, account.name)
  }
})

test('patients are whole: a home, an allergy the formulary knows, a fictitious phone and mail address', () => {
  const homes = new Map(places.addresses.map((address) => [address.id, address]))
  assert.equal(people.patients.length, 12)
  for (const patient of people.patients) {
    assert.equal(homes.get(patient.homeAddressId)?.patientId, patient.id, patient.familyName)
    assert.match(patient.birthDate, /^(19|20)\d\d-\d\d-\d\d$/)
    assert.match(patient.email, /@demo\.pharmagraph\.test$/)
    for (const { members } of patient.allergies) assert.ok(members.length > 0 && members.every((member) => ingredientNames.has(member)), `${patient.familyName}: ${members.join()}`)
    for (const { code } of patient.conditions) assert.match(code, /^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$/, code)
  }
  assert.equal(new Set(people.patients.map(({ email }) => email)).size, 12)
  for (const { phone } of [...people.patients, ...people.practitioners, ...fleet.drivers]) assert.match(phone, /^\d{3}-555-01\d\d$/)
})

test('addresses and pharmacies lie in the metro area, each ZIP code in its city', () => {
  const zips: Record<string, RegExp> = { 'San Francisco': /^941[0-58]\d$|^94158$/, Oakland: /^946(0[1-9]|1[0-9]|2[01])$/, Berkeley: /^947(0[2-9]|10)$/ }
  const boxes: Record<string, [number, number, number, number]> = {
    'San Francisco': [37.705, 37.812, -122.515, -122.38],
    Oakland: [37.735, 37.86, -122.31, -122.16],
    Berkeley: [37.845, 37.9, -122.31, -122.24],
  }
  assert.ok(places.addresses.length >= 40)
  for (const place of [...places.pharmacies, ...places.addresses]) {
    const [south, north, west, east] = boxes[place.city] as [number, number, number, number]
    assert.ok(place.lat > south && place.lat < north && place.lng > west && place.lng < east, `${place.line1}, ${place.city}`)
    assert.match(place.postalCode, zips[place.city] as RegExp, place.line1)
    assert.equal(place.state, 'CA')
  }
})

test('every drug has a stock rule: dated lots of whole units, the same on every run', () => {
  const lots = demoStock(drugs, places.pharmacies)
  assert.deepEqual(lots, demoStock(drugs, places.pharmacies))
  for (const drug of drugs) {
    for (const [index, { id }] of places.pharmacies.entries()) {
      const here = demoLots(drug, { id, index })
      if (outOfStockNdcs.includes(drug.ndc)) assert.equal(here.length, 0)
      else assert.ok(here.length >= 1 && here.length <= 4, drug.ndc)
      assert.equal(new Set(here.map(({ lotNumber }) => lotNumber)).size, here.length)
    }
  }
  for (const lot of lots) {
    assert.ok(lot.expiryDate >= '2027-01-31' && lot.expiryDate <= '2029-12-31', `${lot.ndc} ${lot.expiryDate}`)
    assert.ok(lot.receivedDate >= '2026-05-01' && lot.receivedDate <= '2026-08-31', `${lot.ndc} ${lot.receivedDate}`)
    assert.ok(Number.isInteger(lot.quantityOnHand) && lot.quantityOnHand > 0, lot.ndc)
  }
  assert.ok(lots.some(({ expiryDate }) => expiryDate < '2027-03'), 'some lots are near-dated')
  assert.equal(lots.filter(({ status }) => status === 'QUARANTINED').length, quarantinedNdcs.length)
  for (const ndc of [...outOfStockNdcs, ...lowStockNdcs, ...quarantinedNdcs]) assert.ok(drugs.some((drug) => drug.ndc === ndc), ndc)
})

test('every driver has a vehicle, a pharmacy and a shift', () => {
  assert.equal(fleet.drivers.length, 6)
  for (const driver of fleet.drivers) {
    assert.ok(fleet.vehicles.some(({ id }) => id === driver.vehicleId), driver.familyName)
    assert.ok(places.pharmacies.some(({ id }) => id === driver.homePharmacyId), driver.familyName)
    for (const { start, end } of driver.shifts) assert.ok(/^\d\d:\d\d$/.test(start) && start < end, driver.familyName)
  }
})
