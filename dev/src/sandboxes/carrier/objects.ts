import { randomDigits, randomText } from '../shared/ids.ts'
import { verify, type AddressInput, type Verification } from './addresses.ts'

export type TrackerStatus = 'unknown' | 'pre_transit' | 'in_transit' | 'out_for_delivery' | 'delivered' | 'return_to_sender' | 'failure' | 'cancelled'

export interface Address extends Record<keyof AddressInput, string | null> {
  id: string
  object: 'Address'
  created_at: string
  updated_at: string
  mode: 'test'
  carrier_facility: null
  residential: boolean | null
  federal_tax_id: null
  state_tax_id: null
  verifications: { zip4?: Verification; delivery?: Verification }
}

export interface Place {
  object: 'TrackingLocation'
  city: string | null
  state: string | null
  country: string | null
  zip: string | null
}

export interface TrackingDetail {
  object: 'TrackingDetail'
  message: string
  description: string
  status: TrackerStatus
  status_detail: string
  datetime: string
  source: string
  carrier_code: string
  tracking_location: Place
}

export interface Tracker {
  id: string
  object: 'Tracker'
  mode: 'test'
  tracking_code: string
  status: TrackerStatus
  status_detail: string
  created_at: string
  updated_at: string
  signed_by: string | null
  weight: number | null
  est_delivery_date: string | null
  shipment_id: string | null
  carrier: string
  tracking_details: TrackingDetail[]
  fees: []
  carrier_detail: {
    object: 'CarrierDetail'
    service: string
    container_type: null
    est_delivery_date_local: string | null
    est_delivery_time_local: null
    origin_location: string
    origin_tracking_location: Place
    destination_location: string
    destination_tracking_location: Place | null
    guaranteed_delivery_date: null
    alternate_identifier: null
    initial_delivery_attempt: string | null
  }
  finalized: boolean
  is_return: boolean
  public_url: string
}

export interface Rate {
  id: string
  object: 'Rate'
  created_at: string
  updated_at: string
  mode: 'test'
  carrier: string
  service: string
  rate: string
  currency: 'USD'
  retail_rate: string
  retail_currency: 'USD'
  list_rate: string
  list_currency: 'USD'
  billing_type: 'easypost'
  delivery_days: number
  delivery_date: null
  delivery_date_guaranteed: false
  est_delivery_days: number
  shipment_id: string
  carrier_account_id: string
}

export interface Shipment {
  id: string
  object: 'Shipment'
  created_at: string
  updated_at: string
  mode: 'test'
  is_return: boolean
  messages: []
  options: object
  reference: string | null
  status: TrackerStatus
  tracking_code: string
  batch_id: null
  batch_status: null
  batch_message: null
  customs_info: null
  from_address: Address
  to_address: Address
  return_address: Address
  buyer_address: Address
  insurance: null
  order_id: null
  parcel: {
    id: string
    object: 'Parcel'
    created_at: string
    updated_at: string
    length: number | null
    width: number | null
    height: number | null
    predefined_package: null
    /** Ounces. */
    weight: number
    mode: 'test'
  }
  postage_label: {
    object: 'PostageLabel'
    id: string
    created_at: string
    updated_at: string
    date_advance: 0
    integrated_form: 'none'
    label_date: string
    label_resolution: 300
    label_size: '4x6'
    label_type: 'default'
    label_file_type: 'text/html'
    label_url: string
    label_pdf_url: null
    label_zpl_url: null
    label_epl2_url: null
    label_file: null
  }
  rates: Rate[]
  selected_rate: Rate
  refund_status: 'submitted' | null
  scan_form: null
  tracker: Tracker
  usps_zone: number
  forms: []
  fees: { object: 'Fee'; type: 'LabelFee' | 'PostageFee'; amount: string; charged: boolean; refunded: boolean }[]
}

/** What the carriers offer. The prices are invented, in dollars: a base and so much a pound. */
const SERVICES = [
  { carrier: 'USPS', service: 'GroundAdvantage', base: 5.1, perPound: 0.6, days: 3 },
  { carrier: 'USPS', service: 'Priority', base: 8.4, perPound: 0.9, days: 2 },
  { carrier: 'UPS', service: 'Ground', base: 9.2, perPound: 0.7, days: 2 },
  { carrier: 'FedEx', service: 'FEDEX_GROUND', base: 9.6, perPound: 0.7, days: 2 },
  { carrier: 'UPS', service: 'NextDayAir', base: 27.5, perPound: 2.4, days: 1 },
  { carrier: 'FedEx', service: 'STANDARD_OVERNIGHT', base: 28.9, perPound: 2.3, days: 1 },
]

/** `adr_` and 32 hex digits, as EasyPost's ids are. */
export const easypostId = (prefix: string): string => `${prefix}_${randomText(32, '0123456789abcdef')}`

/** ISO time to the second. */
export const timestamp = (at = new Date()): string => at.toISOString().replace(/\.\d+Z$/, 'Z')

const GIVEN = ['name', 'company', 'street1', 'street2', 'city', 'state', 'zip', 'country', 'phone', 'email'] as const

/** An address object; verified and brought into postal form when asked. */
export function newAddress(input: AddressInput, verified: boolean): Address {
  const now = timestamp()
  const given = Object.fromEntries(GIVEN.map((field) => [field, input[field] ?? null])) as Record<keyof AddressInput, string | null>
  const address: Address = {
    id: easypostId('adr'),
    object: 'Address',
    created_at: now,
    updated_at: now,
    ...given,
    country: given.country ?? 'US',
    mode: 'test',
    carrier_facility: null,
    residential: null,
    federal_tax_id: null,
    state_tax_id: null,
    verifications: {},
  }
  if (!verified) return address
  const { address: postal, verification } = verify(input)
  return {
    ...address,
    ...postal,
    residential: verification.success ? !input.company : null,
    verifications: { zip4: { ...verification, details: null }, delivery: verification },
  }
}

/** What each service asks for a parcel of `ounces`, cheapest first. */
export function newRates(shipmentId: string, ounces: number): Rate[] {
  const now = timestamp()
  return SERVICES.map(({ carrier, service, base, perPound, days }) => {
    const rate = (base + (perPound * ounces) / 16).toFixed(2)
    return {
      id: easypostId('rate'),
      object: 'Rate' as const,
      created_at: now,
      updated_at: now,
      mode: 'test' as const,
      carrier,
      service,
      rate,
      currency: 'USD' as const,
      retail_rate: (Number(rate) * 1.2).toFixed(2),
      retail_currency: 'USD' as const,
      list_rate: rate,
      list_currency: 'USD' as const,
      billing_type: 'easypost' as const,
      delivery_days: days,
      delivery_date: null,
      delivery_date_guaranteed: false as const,
      est_delivery_days: days,
      shipment_id: shipmentId,
      carrier_account_id: `ca_${carrier.toLowerCase()}`,
    }
  }).sort((a, b) => Number(a.rate) - Number(b.rate))
}

/** A tracking code as the carrier writes them. */
function newTrackingCode(carrier: string): string {
  if (carrier === 'UPS') return `1Z${randomText(6, '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ')}${randomDigits(10)}`
  if (carrier === 'FedEx') return randomDigits(12)
  return `94001${randomDigits(17)}`
}

const placeOf = ({ city, state, country, zip }: Address): Place => ({ object: 'TrackingLocation', city, state, country, zip })

function newTracker(shipmentId: string, order: ShipmentOrder, rate: Rate, code: string, baseUrl: string): Tracker {
  const { from, to, ounces, is_return = false } = order
  const id = easypostId('trk')
  const now = new Date()
  const due = new Date(now.getTime() + rate.delivery_days * 24 * 3_600_000)
  const describe = ({ city, state, zip }: Address): string => `${city} ${state}, ${zip}`
  return {
    id,
    object: 'Tracker',
    mode: 'test',
    tracking_code: code,
    status: 'pre_transit',
    status_detail: 'label_created',
    created_at: timestamp(now),
    updated_at: timestamp(now),
    signed_by: null,
    weight: ounces,
    est_delivery_date: timestamp(due),
    shipment_id: shipmentId,
    carrier: rate.carrier,
    tracking_details: [
      {
        object: 'TrackingDetail',
        message: `Shipment information sent to ${rate.carrier}`,
        description: '',
        status: 'pre_transit',
        status_detail: 'label_created',
        datetime: timestamp(now),
        source: rate.carrier,
        carrier_code: 'OC',
        tracking_location: placeOf(from),
      },
    ],
    fees: [],
    carrier_detail: {
      object: 'CarrierDetail',
      service: rate.service,
      container_type: null,
      est_delivery_date_local: timestamp(due).slice(0, 10),
      est_delivery_time_local: null,
      origin_location: describe(from),
      origin_tracking_location: placeOf(from),
      destination_location: describe(to),
      destination_tracking_location: placeOf(to),
      guaranteed_delivery_date: null,
      alternate_identifier: null,
      initial_delivery_attempt: null,
    },
    finalized: false,
    is_return,
    public_url: `${baseUrl}/track/${id}`,
  }
}

export interface ShipmentOrder {
  from: Address
  to: Address
  ounces: number
  parcel?: { length?: number; width?: number; height?: number }
  reference?: string
  options?: object
  is_return?: boolean
}

/** A shipment whose label is bought at the `chosen` rate. */
export function newShipment(id: string, order: ShipmentOrder, rates: Rate[], chosen: Rate, baseUrl: string): Shipment {
  const { from, to, ounces, parcel, reference = null, options, is_return = false } = order
  const now = timestamp()
  const tracking_code = newTrackingCode(chosen.carrier)
  const tracker = newTracker(id, order, chosen, tracking_code, baseUrl)
  return {
    id,
    object: 'Shipment',
    created_at: now,
    updated_at: now,
    mode: 'test',
    is_return,
    messages: [],
    options: { currency: 'USD', payment: { type: 'SENDER' }, date_advance: 0, ...options },
    reference,
    status: tracker.status,
    tracking_code,
    batch_id: null,
    batch_status: null,
    batch_message: null,
    customs_info: null,
    from_address: from,
    to_address: to,
    return_address: from,
    buyer_address: to,
    insurance: null,
    order_id: null,
    parcel: {
      id: easypostId('prcl'),
      object: 'Parcel',
      created_at: now,
      updated_at: now,
      length: parcel?.length ?? null,
      width: parcel?.width ?? null,
      height: parcel?.height ?? null,
      predefined_package: null,
      weight: ounces,
      mode: 'test',
    },
    postage_label: {
      object: 'PostageLabel',
      id: easypostId('pl'),
      created_at: now,
      updated_at: now,
      date_advance: 0,
      integrated_form: 'none',
      label_date: now,
      label_resolution: 300,
      label_size: '4x6',
      label_type: 'default',
      label_file_type: 'text/html',
      label_url: `${baseUrl}/labels/${id}`,
      label_pdf_url: null,
      label_zpl_url: null,
      label_epl2_url: null,
      label_file: null,
    },
    rates,
    selected_rate: chosen,
    refund_status: null,
    scan_form: null,
    tracker,
    usps_zone: 1,
    forms: [],
    fees: [
      { object: 'Fee', type: 'LabelFee', amount: '0.00000', charged: true, refunded: false },
      { object: 'Fee', type: 'PostageFee', amount: `${chosen.rate}000`, charged: true, refunded: false },
    ],
  }
}
