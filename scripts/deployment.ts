// Checks docker-compose.yml and the Dockerfile against rover.yaml: every subgraph is there, with its own database and
// port, a health check stands behind every service, and the gateway is told every address. Every setting a process reads is
// in .env.example.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { subgraphs } from './rover.ts'

type Service = { image?: string; environment?: Record<string, string>; healthcheck?: object; depends_on?: Record<string, object> }
const root = resolve(import.meta.dirname, '..')
const { services } = parse(readFileSync(resolve(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: Record<string, Service> }
const dockerfile = readFileSync(resolve(root, 'Dockerfile'), 'utf8')
const problems: string[] = []
const need = (condition: unknown, problem: string): void => void (condition || problems.push(problem))

for (const { name, routingUrl, inProcess } of subgraphs) {
  if (inProcess) continue
  const service = services[name]
  const port = new URL(routingUrl).port
  need(service, `docker-compose.yml has no service ${name}`)
  need(service?.environment?.['PORT'] === port, `${name} listens on another port than rover.yaml says (${port})`)
  need(service?.environment?.['DATABASE_URL']?.endsWith(`/${name}`), `${name} has not its own database`)
  need(services['gateway']?.environment?.[`${name.toUpperCase()}_URL`] === `http://${name}:${port}/graphql`, `the gateway is not told where ${name} is`)
  need(services['gateway']?.depends_on?.[name], `the gateway does not wait for ${name}`)
  need(dockerfile.includes(`subgraphs/${name}/package.json`), `the Dockerfile does not install subgraphs/${name}`)
}
for (const [name, service] of Object.entries(services)) {
  need(service.healthcheck || (service.image === 'pharmagraph' && dockerfile.includes('HEALTHCHECK')), `${name} has no health check`)
}
// a setting that nobody can find is a setting that nobody sets
const example = readFileSync(resolve(root, '.env.example'), 'utf8')
const read = globSync(['{platform,gateway}/src/**/*.ts', 'subgraphs/*/src/**/*.ts'], { cwd: root }).flatMap((file) =>
  [...readFileSync(resolve(root, file), 'utf8').matchAll(/\b(?:s|optionalS|integerS|keyS)etting\('([A-Z_]+)'/g)].map(([, name]) => name!))
for (const name of new Set(read)) need(new RegExp(`\\b${name}\\b`).test(example), `.env.example does not say what ${name} is`)
for (const problem of problems) console.error(problem)
if (problems.length) process.exit(1)
console.log('deployment files fit rover.yaml')
