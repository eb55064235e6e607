/** What a carrier says to the wish to have a parcel back. */
export type InterceptAnswer = 'ACCEPTED' | 'REFUSED'

export type CarrierPort = {
  /** Asks the carrier to send a parcel back. Asking again is harmless. `shipmentId` is our reference on its label. */
  intercept(shipmentId: string): Promise<InterceptAnswer>
}
