/** `npm run reset`: deletes everything the local stack has stored. Refuses while it runs. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runningStack } from './stack/lock.ts'
import { removePostgresHome } from './stack/postgres-home.ts'
import { endLeftovers, repositoryRoot } from './stack/stack.ts'

const dotEnv = join(repositoryRoot, '.env')
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv)
const dataDir = process.env['PHARMAGRAPH_DATA_DIR'] || join(repositoryRoot, '.data')

const running = runningStack(dataDir)
if (running) {
  console.error(`Pharmagraph is running (process ${running.pid}): stop it before a reset.`)
  process.exitCode = 1
} else if (!existsSync(dataDir)) {
  console.log('there is nothing to reset')
} else {
  await endLeftovers(dataDir)
  removePostgresHome(join(dataDir, 'postgres'))
  for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true, force: true })
  console.log(`${dataDir} is empty`)
}
