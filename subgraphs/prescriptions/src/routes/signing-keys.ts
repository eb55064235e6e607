import type { Route } from '@pharmagraph/platform'
import type { Services } from '../services.ts'

/** The public halves of the keys that sign prescriptions and dispensing records, for anybody: what they verify is in `Prescription.signedRecords`. */
export const signingKeysRoute: Route<Services> = {
  method: 'GET',
  path: '/.well-known/prescription-keys',
  run: async ({ services }) => ({ status: 200, contentType: 'application/jwk-set+json', headers: { 'cache-control': 'public, max-age=300' }, body: JSON.stringify(services.signer.jwks()) }),
}
