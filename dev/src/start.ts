/** `npm start`: the whole system on this machine, until Ctrl-C. Options: --no-seed, --verbose. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { people } from './identity/people.ts'
import type { Person } from './identity/people.ts'
import { StackError } from './stack/errors.ts'
import { repositoryRoot, startStack } from './stack/stack.ts'
import type { Stack, StackEvent } from './stack/stack.ts'

const started = Date.now()
const { seed, verbose } = readOptions()
const dotEnv = join(repositoryRoot, '.env')
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv)
const dataDir = process.env['PHARMAGRAPH_DATA_DIR'] || join(repositoryRoot, '.data')

const interrupted = new AbortController()
let stack: Stack | undefined
let stopping: Promise<void> | undefined
const untilStopped = setInterval(() => {}, 2 ** 30)

// npm and the terminal both pass a Ctrl-C on, so several signals are one wish. 'disconnect': the bootstrap script is gone.
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, () => void (stopping ??= stop()))
process.channel?.unref()
process.stdout.on('error', () => {}) // nobody reads any more

try {
  print(`starting${seed ? '' : ' without demo data'} …`)
  stack = await startStack({ dataDir, ports: 'default', seed, log: verbose ? 'inherit' : 'file', onProgress, signal: interrupted.signal })
  printReady(stack)
} catch (error) {
  if (!interrupted.signal.aborted) {
    print(styleText('red', error instanceof StackError ? error.message : String((error as Error).stack)))
    process.exitCode = 1
  }
  clearInterval(untilStopped)
}

async function stop(): Promise<void> {
  print('\nstopping …')
  interrupted.abort(new Error('interrupted'))
  await stack?.stop()
  clearInterval(untilStopped)
}

function onProgress(event: StackEvent): void {
  const name = event.name.padEnd(14)
  if (event.what === 'ready') print(`  ${styleText('green', '✓')} ${name} ${stack ? 'again' : sinceStart()}`)
  if (event.what === 'missing') print(`  ${styleText('yellow', '-')} ${name} ${event.detail}`)
  if (event.what === 'crashed') print(`  ${styleText('red', '✗')} ${name} ${event.detail} (log: ${join(dataDir, 'logs', `${event.name}.log`)})`)
}

function printReady({ gatewayUrl, wsUrl, issuer, sandboxes, urls, processes }: Stack): void {
  const row = ([label, value]: readonly [string, string]) => `  ${label.padEnd(22)}${value}`
  const runs = (name: string) => processes.has(name)
  const addresses: [string, string][] = [
    ['Web client', new URL('/app/', gatewayUrl).href],
    ['GraphQL, GraphiQL', gatewayUrl],
    ['Subscriptions', wsUrl],
    ['Sign-in', issuer],
  ]
  if (runs('sandboxes')) {
    addresses.push(['Mail and SMS', sandboxes.mail], ['Payments', sandboxes.stripe], ['E-prescribing', sandboxes.erx], ['Carrier', sandboxes.carrier])
  }
  for (const [name, url] of Object.entries(urls)) if (runs(name)) addresses.push([`  ${name}`, url])
  const login = ({ email, roles, totpSecret }: Person) => row([roles.at(-1) ?? '', `${email}${totpSecret ? '   (has a second factor)' : ''}`])
  const logins = [people.maria, people.rosa, people.elena, people.tom, people.nora, people.grace, people.ivan, people.dana, people.sue, people.carl]
  print(`
${styleText('bold', `ready in ${sinceStart()}`)}   Ctrl-C stops it; data stays in ${dataDir} (npm run reset clears it)

${styleText('bold', 'Addresses')}
${addresses.map(row).join('\n')}

${styleText('bold', 'Demo logins')}   password "demo"; codes for the second factor: npm run totp -- nora
${logins.map(login).join('\n')}

${styleText('bold', 'Try a query')}
  query { drugs(search: "lisinopril", first: 3) { nodes { id ndc name strength manufacturer } } }

${styleText('bold', 'Try a subscription')}   signed in as maria@demo.pharmagraph.test
  subscription { myOrderChanged { cursor order { id status } } }
`)
}

function sinceStart(): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`
}

function readOptions(): { seed: boolean; verbose: boolean } {
  try {
    const { values } = parseArgs({ options: { seed: { type: 'boolean' }, verbose: { type: 'boolean' } }, allowNegative: true })
    return { seed: values.seed ?? true, verbose: values.verbose ?? false }
  } catch (error) {
    print(`${(error as Error).message}\nUsage: npm start -- [--no-seed] [--verbose]`)
    process.exit(2)
  }
}

function print(text: string): void {
  console.log(text)
}
