/** `npm run demo`: plays one order from prescription to doorstep on the running stack, or on one started for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { playJourney, Deviation, type System } from './journey/journey.ts'
import { issuerUrl, publicUrl, sandboxUrls } from './stack/environment.ts'
import { runningStack } from './stack/lock.ts'
import { configuredPorts, defaultPorts } from './stack/ports.ts'
import { repositoryRoot, startStack, type Stack } from './stack/stack.ts'

const dotEnv = join(repositoryRoot, '.env')
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv)
const dataDir = process.env['PHARMAGRAPH_DATA_DIR'] || join(repositoryRoot, '.data')

let own: Stack | undefined
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error('interrupted')))

try {
  const system = await systemToPlayOn()
  const started = Date.now()
  let number = 0
  const result = await playJourney(system, {
    step: (actor, does) => console.log(`\n${styleText('bold', `${++number}. ${actor}`)} ${does}`),
    sees: (text) => console.log(`   ${text}`),
  })
  console.log(`
${styleText(['bold', 'green'], 'The whole way, from prescription to doorstep')} in ${((Date.now() - started) / 1000).toFixed(1)} s
  order            ${result.orderId}
  captured once    $${(result.totalMinor / 100).toFixed(2)} (${result.paymentIntentId})
  statuses pushed  ${result.statusesPushed.length}, each once, in order
  audit entries    ${result.auditEntries} about the order, hash chain verified`)
} catch (error) {
  process.exitCode = 1
  console.error(`\n${styleText('red', error instanceof Deviation ? `The demo stops here: ${error.message}` : String((error as Error).stack))}`)
} finally {
  await own?.stop()
}
process.exit()

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
