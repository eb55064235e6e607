/** The contract of the processes: which settings each of them is given. `.env.example` explains every one. */
import { partnerClients } from '../identity/clients.ts'
import { portSetting } from './ports.ts'
import type { Ports } from './ports.ts'
import type { Secrets } from './secrets.ts'
import type { Subgraph } from './subgraphs.ts'

const host = '127.0.0.1'

export interface Surroundings {
  root: string
  dataDir: string
  ports: Ports
  secrets: Secrets
  subgraphs: readonly Subgraph[]
  seed: boolean
  /** What the developer set: where it names an outside service, that one is used instead of the local stand-in. */
  settings: NodeJS.ProcessEnv
  /** Added to every process, last. */
  extra: NodeJS.ProcessEnv
  databaseUrl(subgraph: string): string
}

type Settings = Record<string, string | undefined>

/** Beyond what every subgraph gets, only those that need a secret have it. */
const needsOfSubgraph: Record<string, (near: Surroundings) => Settings> = {
  patients: (near) => ({ ...vault(near), ...matching(near), ...accounts(near) }),
  prescriptions: (near) => ({ ...vault(near), ...matching(near), ...signing(near), ...outside(near, erxSandbox) }),
  catalog: () => ({}),
  inventory: ({ settings }) => ({ DISPENSING_DEVICES: settings['DISPENSING_DEVICES'] || 'simulated:cabinet-1' }),
  orders: (near) => ({
    ...vault(near),
    ...outside(near, stripeSandbox),
    STRIPE_RETURN_URL: near.settings['STRIPE_RETURN_URL'] || `${publicUrl(near.ports)}/`,
  }),
  logistics: (near) => ({ ...vault(near), ...outside(near, carrierSandbox) }),
  audit: () => ({}),
}

export function subgraphEnvironment(name: string, near: Surroundings): NodeJS.ProcessEnv {
  return complete(near, {
    ...common(name, near),
    DATABASE_URL: near.databaseUrl(name),
    ACTOR_PUBLIC_JWK: JSON.stringify(near.secrets.actorPublicJwk),
    SEED: near.seed ? 'demo' : 'none',
    ...outside(near, mailSandbox),
    ...(needsOfSubgraph[name] ?? vault)(near),
  })
}

export function gatewayEnvironment(near: Surroundings): NodeJS.ProcessEnv {
  const urls = near.subgraphs.map(({ name }) => [`${name.toUpperCase()}_URL`, subgraphUrl(name, near.ports)])
  return complete(near, {
    ...common('gateway', near),
    ACTOR_PRIVATE_JWK: JSON.stringify(near.secrets.actorPrivateJwk),
    CURSOR_KEY: near.settings['CURSOR_KEY'] || near.secrets.cursorKey,
    ...Object.fromEntries(urls),
  })
}

export function sandboxesEnvironment(near: Surroundings): NodeJS.ProcessEnv {
  const { ports } = near
  return complete(near, {
    HOST: host,
    PUBLIC_URL: publicUrl(ports),
    DATA_DIR: `${near.dataDir}/sandboxes`,
    LOG_LEVEL: logLevel(near),
    PORT_STRIPE: String(ports['stripe']),
    PORT_ERX: String(ports['erx']),
    PORT_CARRIER: String(ports['carrier']),
    PORT_MAIL: String(ports['mail']),
    // A sandbox that a real service replaces gets no secret and sends no webhooks.
    ...(isLocal(near, stripeSandbox) && stripeSandbox(near)),
    ...(isLocal(near, erxSandbox) && erxSandbox(near)),
    ...(isLocal(near, carrierSandbox) && carrierSandbox(near)),
    // The e-prescribing network calls the gateway as the partner it is.
    OIDC_ISSUER: issuerUrl(ports, near.settings),
    PARTNER_CLIENT_ID: near.settings['PARTNER_CLIENT_ID'] || partnerClients[0]?.id,
    PARTNER_CLIENT_SECRET: near.settings['PARTNER_CLIENT_SECRET'] || partnerClients[0]?.secret,
  })
}

export function identityEnvironment(near: Surroundings): NodeJS.ProcessEnv {
  return complete(near, {
    PORT: String(near.ports['identity']),
    HOST: host,
    DATA_DIR: `${near.dataDir}/identity`,
    IDENTITY_SCIM_TOKEN: near.secrets.scimToken,
    LOG_LEVEL: logLevel(near),
  })
}

export const publicUrl = (ports: Ports): string => `http://${host}:${ports['gateway']}`
export const subgraphUrl = (name: string, ports: Ports): string => `http://${host}:${ports[name]}/graphql`
export const issuerUrl = (ports: Ports, settings: NodeJS.ProcessEnv): string =>
  settings['OIDC_ISSUER'] || `http://${host}:${ports['identity']}`

/** The setting that points a subgraph at a database outside the local stack. */
export const databaseSetting = (name: string): string => `${name.toUpperCase()}_DATABASE_URL`

export function sandboxUrls(ports: Ports): Record<'stripe' | 'erx' | 'carrier' | 'mail', string> {
  const url = (name: string) => `http://${host}:${ports[name]}`
  return { stripe: url('stripe'), erx: url('erx'), carrier: url('carrier'), mail: url('mail') }
}

function common(name: string, near: Surroundings): Settings {
  return {
    PORT: String(near.ports[name]),
    HOST: host,
    NATS_URL: near.settings['NATS_URL'] || `nats://${host}:${near.ports['nats']}`,
    OIDC_ISSUER: issuerUrl(near.ports, near.settings),
    OIDC_AUDIENCE: near.settings['OIDC_AUDIENCE'] || 'pharmagraph',
    LOG_LEVEL: logLevel(near),
  }
}

function logLevel({ settings }: Surroundings): string {
  return settings['LOG_LEVEL'] || 'info'
}

function vault({ secrets, settings }: Surroundings): Settings {
  return { KEK: settings['KEK'] || secrets.kek, KEK_PREVIOUS: settings['KEK_PREVIOUS'] || undefined }
}

function matching({ secrets, settings }: Surroundings): Settings {
  return { MATCH_KEY: settings['MATCH_KEY'] || secrets.matchKey }
}

/** An issuer of the developer's own has its own administration, or none. */
function accounts({ ports, secrets, settings }: Surroundings): Settings {
  if (settings['IDENTITY_SCIM_URL']) return { IDENTITY_SCIM_URL: settings['IDENTITY_SCIM_URL'], IDENTITY_SCIM_TOKEN: settings['IDENTITY_SCIM_TOKEN'] }
  return settings['OIDC_ISSUER'] ? {} : { IDENTITY_SCIM_URL: `http://${host}:${ports['identity']}/scim/v2`, IDENTITY_SCIM_TOKEN: secrets.scimToken }
}

function signing({ secrets, settings }: Surroundings): Settings {
  return { SIGNING_KEY: settings['SIGNING_KEY'] || secrets.signingKey, SIGNING_KEYS_PREVIOUS: settings['SIGNING_KEYS_PREVIOUS'] }
}

type Group = (near: Surroundings) => Record<string, string>

const stripeSandbox: Group = ({ ports, secrets }) => ({
  STRIPE_API_BASE: sandboxUrls(ports).stripe,
  STRIPE_API_KEY: 'sk_test_local',
  STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
})
const erxSandbox: Group = ({ ports, secrets }) => ({
  ERX_NETWORK_URL: sandboxUrls(ports).erx, ERX_PDMP_URL: `${sandboxUrls(ports).erx}/pdmp`, ERX_WEBHOOK_SECRET: secrets.erxWebhookSecret,
  // of nobody: the numbers only pass their check digits
  ERX_PHARMACY_NPI: '1234567893', ERX_PHARMACY_DEA: 'FP1234563', ERX_PHARMACY_NCPDP: '0512345',
})
const carrierSandbox: Group = ({ ports, secrets }) => ({
  CARRIER_URL: sandboxUrls(ports).carrier,
  CARRIER_WEBHOOK_SECRET: secrets.carrierWebhookSecret,
})
const mailSandbox: Group = ({ ports }) => ({ MAIL_URL: sandboxUrls(ports).mail })

/** An outside service is the developer's as a whole or the sandbox as a whole: a real key never goes to the stand-in. */
function outside(near: Surroundings, sandbox: Group): Settings {
  const local = sandbox(near)
  if (isLocal(near, sandbox)) return local
  return Object.fromEntries(Object.keys(local).map((name) => [name, near.settings[name] || undefined]))
}

function isLocal(near: Surroundings, sandbox: Group): boolean {
  return !Object.keys(sandbox(near)).some((name) => near.settings[name])
}

/** Settings that are given on purpose, and never handed on from the environment of the stack itself. */
const contract = new RegExp(
  `^(${[
    'PORT', 'HOST', 'DATABASE_URL', 'NATS_URL', 'DATA_DIR', 'PUBLIC_URL', 'SEED', 'MAIL_URL', 'KEK', 'KEK_PREVIOUS', 'MATCH_KEY', 'CURSOR_KEY', 'DISPENSING_DEVICES', 'SIGNING_\\w+',
    'ACTOR_\\w+', 'OIDC_\\w+', 'STRIPE_\\w+', 'ERX_\\w+', 'CARRIER_\\w+', 'PARTNER_\\w+', 'IDENTITY_\\w+',
  ].join('|')})$`,
)

/** The machine's environment without the settings of the contract, so that a process has those it is meant to have only. */
function complete({ root, subgraphs, extra }: Surroundings, settings: Settings): NodeJS.ProcessEnv {
  const ours = new Set(subgraphs.flatMap(({ name }) => [`${name.toUpperCase()}_URL`, databaseSetting(name), portSetting(name)]))
  const machine = Object.entries(process.env).filter(([name]) => !contract.test(name) && !ours.has(name))
  return {
    ...Object.fromEntries(machine),
    // Node keeps the compiled form of what it loads there: from the second start on that saves a third of the time.
    NODE_COMPILE_CACHE: `${root}/node_modules/.cache/compile`,
    ...settings,
    ...extra,
  }
}
