/** What we need of the identity provider: that whoever is erased here has no account there either. */
export type AccountDirectory = {
  /**
   * Removes the accounts that belong to the patient; harmless where there are none, and when repeated. Throws UNAVAILABLE
   * where trying again makes sense, ACCOUNT_SHARED where an account is also that of a colleague: a person decides then.
   */
  remove(patientId: string): Promise<void>
}
