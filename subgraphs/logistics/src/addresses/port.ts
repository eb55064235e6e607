import type { Point } from '../geo/distance.ts'

export type PostalAddress = { line1: string; line2: string | null; city: string; state: string; postalCode: string; country: string }

export type AddressCheck =
  | { deliverable: true; certain: boolean; address: PostalAddress; location: Point }
  | { deliverable: false; problems: string[]; suggestions: string[] }

/**
 * What we need of an address service: the postal form, whether a parcel gets there, and where it is. Throws UNAVAILABLE
 * when it does not answer: a parcel is never sent to a guess.
 */
export type AddressPort = { check(address: PostalAddress): Promise<AddressCheck> }
