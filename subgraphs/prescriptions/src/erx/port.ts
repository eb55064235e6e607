/** What we need of an e-prescribing network: to take a SCRIPT message for the prescriber. */
export type ErxNetwork = {
  /**
   * Hands over a message; the same `messageId` again must be harmless. Throws UNAVAILABLE where trying again
   * makes sense, ERX_REFUSED where it does not.
   */
  send(message: { messageId: string; xml: string }): Promise<void>
}
