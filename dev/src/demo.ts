/**
 * `npm run demo`: plays one order from prescription to doorstep on the running stack, or on one started for it.
 * `npm run demo -- <name>`: plays demos/<name>.ts instead.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { playJourney, Deviation, type Narrator, type System } from './journey/journey.ts'
import { issuerUrl, publicUrl, sandboxUrls } from './stack/environment.ts'
import { runningStack } from './stack/lock.ts'
import { configuredPorts, defaultPorts } from './stack/ports.ts'
import { repositoryRoot, startStack, type Stack } from './stack/stack.ts'

const dotEnv = join(repositoryRoot, '.env')
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv)
const dataDir = process.env['PHARMAGRAPH_DATA_DIR'] || join(repositoryRoot, '.data')

/** A demo of demos/: throws Deviation at the first thing that is not as it must be. `dataDir` tells the stack's processes. */
type Demo = { play(system: System & { dataDir: string }, narrator: Narrator): Promise<void> }

const [name] = process.argv.slice(2)
const names = readdirSync(join(import.meta.dirname, 'demos')).map((file) => file.replace(/\.ts$/, '')).sort()
if (name !== undefined && !names.includes(name)) {
  console.error(`npm run demo [-- ${names.join(' | ')}]`)
  process.exit(1)
}

let own: Stack | undefined
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error('interrupted')))

try {
  const system = await systemToPlayOn()
  let number = 0
  const narrator: Narrator = {
    step: (actor, does) => console.log(`\n${styleText('bold', `${++number}. ${actor}`)} ${does}`),
    sees: (text) => console.log(`   ${text}`),
  }
  if (name === undefined) await journey(system, narrator)
  else {
    const demo = (await import(`./demos/${name}.ts`)) as Demo
    await demo.play({ ...system, dataDir }, narrator)
  }
} catch (error) {
  process.exitCode = 1
  console.error(`\n${styleText('red', error instanceof Deviation ? `The demo stops here: ${error.message}` : String((error as Error).stack))}`)
} finally {
  await own?.stop()
}
process.exit()

async function journey(system: System, narrator: Narrator): Promise<void> {
  const started = Date.now()
  const result = await playJourney(system, narrator)
  console.log(`
${styleText(['bold', 'green'], 'The whole way, from prescription to doorstep')} in ${((Date.now() - started) / 1000).toFixed(1)} s
  order            ${result.orderId}
  captured once    $${(result.totalMinor / 100).toFixed(2)} (${result.paymentIntentId})
  statuses pushed  ${result.statusesPushed.length}, each once, in order
  audit entries    ${result.auditEntries} about the order, hash chain verified`)
}

async function systemToPlayOn(): Promise<System> {
  if (runningStack(dataDir)) {
    const ports = configuredPorts(defaultPorts, process.env)
    console.log(`on the running stack, ${publicUrl(ports)}`)
    return { gatewayUrl: `${publicUrl(ports)}/graphql`, wsUrl: `${publicUrl(ports).replace('http', 'ws')}/graphql`, issuer: issuerUrl(ports, process.env), sandboxes: sandboxUrls(ports) }
  }
  console.log('no stack runs: starting one for the demo …')
  const began = Date.now()
  own = await startStack({ dataDir, ports: 'default', seed: true, log: 'file', signal: interrupted.signal })
  console.log(`ready in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return own
}
