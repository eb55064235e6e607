/** Every mutation × every role, at the subgraph itself: what the schema's policies say at the gateway holds behind it as well. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, type DirectiveNode, type FieldDefinitionNode, type InputObjectTypeDefinitionNode, type ListValueNode, type ObjectTypeDefinitionNode, type StringValueNode, type TypeNode } from 'graphql'
import { clock, newId, type Actor, type Role } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { elena, registerPatient, subgraph } from './pharmacy.ts'

const { definitions } = parse(readFileSync(resolve(import.meta.dirname, '../../../schema/subgraphs/prescriptions.graphql'), 'utf8'))
const mutations = definitions.find((node): node is ObjectTypeDefinitionNode => node.kind === 'ObjectTypeDefinition' && node.name.value === 'Mutation')!.fields!
const inputs = new Map(definitions.filter((node) => node.kind === 'InputObjectTypeDefinition').map((node) => [node.name.value, node as InputObjectTypeDefinitionNode]))
const enums = new Map(definitions.flatMap((node) => (node.kind === 'EnumTypeDefinition' ? [[node.name.value, node.values![0]!.name.value] as const] : [])))

const staff: Role[] = ['technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'support', 'compliance']
const everybody: Role[] = ['patient', 'caregiver', 'prescriber', 'driver', 'partner', ...staff]
/** Narrower than the policy, which knows no queues and no ownership. */
const narrower: Record<string, Role[]> = {
  ...Object.fromEntries(['claimNextWorkItem', 'heartbeatWorkItem', 'releaseWorkItem'].map((name) => [name, ['technician', 'pharmacist', 'pharmacist-in-charge']])),
  // by whose import it is, whatever the role: what is not theirs is not there
  retryBulkImport: everybody,
  ...Object.fromEntries(['requestRefill', 'cancelRefill', 'setAutoRefill', 'syncRefills'].map((name) => [name, ['patient', 'caregiver', 'technician', 'pharmacist', 'pharmacist-in-charge']])),
}

/** Roles that the policies of a field name; undefined where it has none. */
function rolesOf({ directives = [] }: FieldDefinitionNode): Role[] | undefined {
  const policy = directives.find(({ name }: DirectiveNode) => name.value === 'policy')?.arguments?.[0]?.value as ListValueNode | undefined
  return policy?.values.flatMap((all) => (all as ListValueNode).values.flatMap((one) => {
    const { value } = one as StringValueNode
    return value === 'staff' ? staff : [value.replace('role:', '') as Role]
  }))
}

/** A value of the right type that names nothing there is. */
function valueOf(type: TypeNode): unknown {
  if (type.kind === 'NonNullType') return valueOf(type.type)
  if (type.kind === 'ListType') return [valueOf(type.type), valueOf(type.type)]
  const name = type.name.value
  const input = inputs.get(name)
  if (input) return Object.fromEntries(input.fields!.filter((field) => field.type.kind === 'NonNullType' && !field.defaultValue).map((field) => [field.name.value, valueOf(field.type)]))
  const plain: Record<string, unknown> = { ID: newId(), String: 'something', Int: 1, Float: 1, Boolean: true, LocalDate: clock.today(), DateTime: clock.now().toISOString() }
  return enums.get(name) ?? plain[name]
}

const patient = await registerPatient()
const people: Record<string, Actor> = Object.fromEntries(everybody.map((role) => [role, role === 'patient' ? patient.actor : role === 'prescriber' ? elena : actorWith(role, { amr: ['pwd', 'otp'] })]))

for (const mutation of mutations) {
  const name = mutation.name.value
  test(`S46 ${name} is for those whom the schema names, and refused to all others`, async () => {
    const allowed = narrower[name] ?? rolesOf(mutation)
    assert.ok(allowed, `${name} has no policy: say here who may`)
    const { type } = mutation.arguments![0]!
    const typeName = type.kind === 'NonNullType' && type.type.kind === 'NamedType' ? type.type.name.value : ''
    for (const role of everybody) {
      const { data, errors } = await subgraph.graph(people[role]!, `mutation ($input: ${typeName}!) { ${name}(input: $input) { __typename } }`, { input: valueOf(type) as Record<string, unknown> })
      const code = errors?.[0]?.extensions['code'] ?? data?.[name]?.__typename
      if (allowed.includes(role)) assert.notEqual(code, 'FORBIDDEN', `${role}: ${errors?.[0]?.message}`)
      else assert.equal(code, 'FORBIDDEN', role)
    }
  })
}
