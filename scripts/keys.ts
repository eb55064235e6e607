// `npm run keys`: fresh keys and passwords as an .env file on standard output, for docker-compose and deployments.
import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'

const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
const secret = (): string => randomBytes(32).toString('base64')
const lines = {
  POSTGRES_PASSWORD: randomBytes(18).toString('hex'),
  SUBGRAPH_DB_PASSWORD: randomBytes(18).toString('hex'),
  KEK: secret(),
  MATCH_KEY: secret(),
  SIGNING_KEY: secret(),
  ACTOR_PRIVATE_JWK: `'${JSON.stringify(await exportJWK(privateKey))}'`,
  ACTOR_PUBLIC_JWK: `'${JSON.stringify(await exportJWK(publicKey))}'`,
  STRIPE_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('hex')}`,
  ERX_WEBHOOK_SECRET: secret(),
  CARRIER_WEBHOOK_SECRET: secret(),
}
for (const [name, value] of Object.entries(lines)) console.log(`${name}=${value}`)
