// Checks of the contracts that composition does not make: a policy on every @phi field, no PHI in events, every event
// with a valid example, every type an event's name promises, a lockfile without download addresses.
import { readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { parse, visit, type ConstDirectiveNode, type FieldDefinitionNode, type ObjectTypeDefinitionNode } from 'graphql'
import { subgraphs } from './rover.ts'

const root = resolve(import.meta.dirname, '..')
const problems: string[] = []
const guards = ['authenticated', 'requiresScopes', 'policy']
const guarded = (node: { readonly directives?: readonly ConstDirectiveNode[] }): boolean => (node.directives ?? []).some(({ name }) => guards.includes(name.value))

for (const { name, schemaFile } of subgraphs) {
  visit(parse(readFileSync(schemaFile, 'utf8')), {
    ObjectTypeDefinition(type: ObjectTypeDefinitionNode) {
      for (const field of type.fields ?? []) checkField(name, type, field)
    },
  })
}
function checkField(subgraph: string, type: ObjectTypeDefinitionNode, field: FieldDefinitionNode): void {
  const phi = field.directives?.some((directive) => directive.name.value === 'phi')
  if (phi && !guarded(type) && !guarded(field)) problems.push(`${subgraph}: ${type.name.value}.${field.name.value} holds PHI and has no policy`)
  const isPublic = field.directives?.some((directive) => directive.name.value === 'cacheControl')
  if (isPublic && (phi || guarded(type) || guarded(field))) problems.push(`${subgraph}: ${type.name.value}.${field.name.value} is cached for everyone and must not be guarded or PHI`)
}

/** Names under which identifying data could slip into an event (45 CFR 164.514(b)(2)). */
const identifying = /^(given|family|name|fullName|dateOfBirth|dob|email|phone|address|line1|line2|street|postalCode|zip|ssn|memberId|latitude|longitude|sig|body|text|photo|signature)$/i
/** Products have names too; nothing about a person is in these. */
const aboutThings = /^(catalog|inventory)\./

const ajv = new Ajv2020({ allErrors: true, strict: false })
formats.default(ajv)
const folder = resolve(root, 'schema/events')
const owners = new Set(subgraphs.map(({ name }) => name))
for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
  const type = file.slice(0, -'.json'.length)
  const schema = JSON.parse(readFileSync(resolve(folder, file), 'utf8'))
  if (!/^[a-z]+\.[a-z-]+\.v\d+$/.test(type) || !owners.has(type.split('.')[0]!)) problems.push(`${file}: the name must be <owner>.<fact>.v<N>.json with an owner of rover.yaml`)
  const validate = ajv.compile(schema)
  if (!schema.examples?.length) problems.push(`${file}: has no example`)
  for (const example of schema.examples ?? []) if (!validate(example)) problems.push(`${file}: its example does not fit: ${ajv.errorsText(validate.errors)}`)
  if (!schema.description) problems.push(`${file}: says not what happened`)
  if (!aboutThings.test(type)) for (const key of keysOf(schema)) if (identifying.test(key)) problems.push(`${file}: field ${key} looks like PHI; events carry ids and states`)
}
function keysOf(schema: { properties?: Record<string, unknown>; items?: unknown }): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [key, ...keysOf(value as object)])
  return schema.items ? [...own, ...keysOf(schema.items)] : own
}

const lock = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { resolved?: string }> }
for (const [path, { resolved }] of Object.entries(lock.packages)) {
  if (resolved?.startsWith('http')) problems.push(`package-lock.json: ${path} names a download address; install with the project's .npmrc`)
}

for (const problem of problems) console.error(problem)
if (problems.length) process.exit(1)
console.log('contracts hold')
