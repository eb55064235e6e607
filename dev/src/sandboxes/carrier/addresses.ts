import { createHash } from 'node:crypto'

/** An address as a caller gives it. */
export interface AddressInput {
  street1?: string
  street2?: string
  city?: string
  state?: string
  zip?: string
  country?: string
  name?: string
  company?: string
  phone?: string
  email?: string
}

export interface FieldError {
  code: string
  field: string
  message: string
  suggestion: string | null
}

/** The result of a delivery check; `details` are there when it succeeded. */
export interface Verification {
  success: boolean
  errors: FieldError[]
  details: { latitude: number; longitude: number; time_zone: string; invented: true } | null
}

export type NormalAddress = Required<Pick<AddressInput, 'street1' | 'street2' | 'city' | 'state' | 'zip' | 'country'>>

/** USPS Publication 28, appendix C1 and C2, as far as streets here are called. */
const ABBREVIATIONS: Record<string, string> = {
  ALLEY: 'ALY', AVENUE: 'AVE', AV: 'AVE', BOULEVARD: 'BLVD', CIRCLE: 'CIR', COURT: 'CT', DRIVE: 'DR', EXPRESSWAY: 'EXPY', HIGHWAY: 'HWY',
  LANE: 'LN', PARKWAY: 'PKWY', PLACE: 'PL', PLAZA: 'PLZ', ROAD: 'RD', SQUARE: 'SQ', STREET: 'ST', STR: 'ST', TERRACE: 'TER', TRAIL: 'TRL',
  APARTMENT: 'APT', BUILDING: 'BLDG', FLOOR: 'FL', SUITE: 'STE', ROOM: 'RM',
  NORTH: 'N', SOUTH: 'S', EAST: 'E', WEST: 'W', NORTHEAST: 'NE', NORTHWEST: 'NW', SOUTHEAST: 'SE', SOUTHWEST: 'SW',
}
const UNIT = /^(.*?)\s+((?:APT|STE|UNIT|FL|RM|BLDG|#)\s*#?\s*[A-Z0-9-]+)$/

const STATES = new Map(
  `ALABAMA AL,ALASKA AK,ARIZONA AZ,ARKANSAS AR,CALIFORNIA CA,COLORADO CO,CONNECTICUT CT,DELAWARE DE,DISTRICT OF COLUMBIA DC,FLORIDA FL,
GEORGIA GA,HAWAII HI,IDAHO ID,ILLINOIS IL,INDIANA IN,IOWA IA,KANSAS KS,KENTUCKY KY,LOUISIANA LA,MAINE ME,MARYLAND MD,MASSACHUSETTS MA,
MICHIGAN MI,MINNESOTA MN,MISSISSIPPI MS,MISSOURI MO,MONTANA MT,NEBRASKA NE,NEVADA NV,NEW HAMPSHIRE NH,NEW JERSEY NJ,NEW MEXICO NM,
NEW YORK NY,NORTH CAROLINA NC,NORTH DAKOTA ND,OHIO OH,OKLAHOMA OK,OREGON OR,PENNSYLVANIA PA,RHODE ISLAND RI,SOUTH CAROLINA SC,
SOUTH DAKOTA SD,TENNESSEE TN,TEXAS TX,UTAH UT,VERMONT VT,VIRGINIA VA,WASHINGTON WA,WEST VIRGINIA WV,WISCONSIN WI,WYOMING WY`
    .split(',')
    .map((line) => line.trim())
    .map((line) => [line.slice(0, -3), line.slice(-2)] as const),
)
const STATE_CODES = new Set(STATES.values())
/** California's ZIP codes: the one state the sandbox checks ZIP against. */
const CALIFORNIA = /^9[0-5]\d{3}|^961\d\d/

/** Town centres the invented coordinates are scattered around, so that a map of them looks like the Bay Area. */
const TOWNS: Record<string, readonly [latitude: number, longitude: number]> = {
  'SAN FRANCISCO': [37.7599, -122.4368],
  OAKLAND: [37.8044, -122.2312],
  BERKELEY: [37.8702, -122.2700],
  ALAMEDA: [37.7652, -122.2416],
  'SAN LEANDRO': [37.7249, -122.1561],
  HAYWARD: [37.6688, -122.0808],
  FREMONT: [37.5485, -121.9886],
  'SAN JOSE': [37.3352, -121.8811],
  'SANTA CLARA': [37.3541, -121.9552],
  SUNNYVALE: [37.3688, -122.0363],
  'MOUNTAIN VIEW': [37.3861, -122.0839],
  'PALO ALTO': [37.4419, -122.1430],
  'REDWOOD CITY': [37.4852, -122.2264],
  'SAN MATEO': [37.5630, -122.3255],
  'DALY CITY': [37.6770, -122.4640],
  RICHMOND: [37.9358, -122.3477],
  'WALNUT CREEK': [37.9101, -122.0652],
  CONCORD: [37.9780, -122.0311],
}
/** South, west, north, east: every invented point lies inside. */
export const BAY_AREA = { south: 37.2, west: -122.6, north: 38.1, east: -121.75 }
const SPREAD_DEGREES = 0.02

/** Upper case, one space, USPS abbreviations, the unit on the second line, two-letter state. */
export function normalise(input: AddressInput): NormalAddress {
  const street = [input.street1, input.street2].map(line).filter(Boolean).join(' ')
  const [, street1 = street, street2 = ''] = UNIT.exec(street) ?? []
  const state = tidy(input.state)
  return {
    street1,
    street2: street2.replace(/^#\s*/, 'UNIT ').replace(/\s*#\s*/, ' '),
    city: tidy(input.city),
    state: STATES.get(state) ?? state,
    zip: tidy(input.zip).replace(/\s/g, ''),
    country: tidy(input.country) || 'US',
  }
}

/** What is wrong with a normalised address; nothing means that a parcel gets there. Codes are EasyPost's. */
export function problems({ street1, city, state, zip, country }: NormalAddress): FieldError[] {
  const found: FieldError[] = []
  const add = (code: string, field: string, message: string): unknown => found.push({ code, field, message, suggestion: null })
  if (country !== 'US') add('E.COUNTRY.UNSUPPORTED', 'country', 'The sandbox verifies addresses in the United States only')
  if (!street1) add('E.STREET.MISSING', 'street1', 'Street is missing')
  else if (!/\d/.test(street1)) add('E.HOUSE_NUMBER.MISSING', 'street1', 'House number is missing')
  else if (!/^\S*\d\S*\s+\S*[A-Z0-9]/.test(street1) && !/^PO BOX \d/.test(street1)) add('E.STREET.INVALID', 'street1', 'Street is invalid')
  if (!city) add('E.CITY.MISSING', 'city', 'City is missing')
  if (!STATE_CODES.has(state)) add('E.STATE.INVALID', 'state', 'State is invalid')
  if (!/^\d{5}(-?\d{4})?$/.test(zip)) add('E.ZIP.INVALID', 'zip', 'ZIP code is invalid')
  else if (STATE_CODES.has(state) && (state === 'CA') !== CALIFORNIA.test(zip)) {
    add('E.CITY_STATE.INVALID', 'zip', 'ZIP code does not belong to the state')
  }
  if (/UNDELIVERABLE|UNKNOWN/.test(street1)) add('E.ADDRESS.NOT_FOUND', 'address', 'Address not found')
  return found
}

/**
 * Checks an address and brings it into the postal form. The ZIP+4 and the coordinates are invented: always the same
 * for the same address, always within {@link BAY_AREA}, and marked `invented`.
 */
export function verify(input: AddressInput): { address: NormalAddress; verification: Verification } {
  const address = normalise(input)
  const errors = problems(address)
  if (errors.length > 0) return { address, verification: { success: false, errors, details: null } }
  const zip = `${address.zip.slice(0, 5)}-${address.zip.length > 5 ? address.zip.slice(-4) : zip4(address)}`
  return {
    address: { ...address, zip },
    verification: { success: true, errors: [], details: { ...coordinates(address), time_zone: 'America/Los_Angeles', invented: true } },
  }
}

function coordinates({ street1, city, zip }: NormalAddress): { latitude: number; longitude: number } {
  const hash = createHash('sha256').update(`${street1}|${city}|${zip.slice(0, 5)}`).digest()
  const towns = Object.values(TOWNS)
  const [latitude, longitude] = TOWNS[city] ?? towns[hash.readUInt32BE(8) % towns.length] ?? [37.77, -122.42]
  const offset = (at: number): number => (hash.readUInt32BE(at) / 0xffffffff - 0.5) * 2 * SPREAD_DEGREES
  const round = (degrees: number): number => Math.round(degrees * 1e5) / 1e5
  return { latitude: round(latitude + offset(0)), longitude: round(longitude + offset(4)) }
}

const zip4 = ({ street1, zip }: NormalAddress): string =>
  String(1000 + (createHash('sha256').update(`${street1}|${zip.slice(0, 5)}`).digest().readUInt16BE(0) % 9000))

const tidy = (text = ''): string => text.toUpperCase().replace(/[.,]/g, ' ').replace(/\s+/g, ' ').trim()

const line = (text?: string): string =>
  tidy(text)
    .replace(/\bP\s*O\s*BOX\b/, 'PO BOX')
    .split(' ')
    .map((word) => ABBREVIATIONS[word] ?? word)
    .join(' ')
