import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { Kind, parse } from 'graphql'
import { readManifest } from '../src/operations/manifest.ts'
import { accessMatrix, callersOfMatrix, printMatrix } from '../src/operations/matrix.ts'
import { buildGraph } from '../src/supergraph/graph.ts'

const schemaFolder = resolve(import.meta.dirname, '../../schema')
const sdl = readFileSync(resolve(schemaFolder, 'supergraph.graphql'), 'utf8')
const matrix = accessMatrix(buildGraph(sdl), readManifest(resolve(schemaFolder, 'operations')))
const operation = (client: string, name: string) => matrix.operations.find((row) => row.client === client && row.name === name)!.access

test('S46 no field of health information is open to somebody who did not sign in', () => {
  const open = new Map(matrix.fields.map(({ name, allowed }) => [name, allowed.anonymous]))
  const phi = parse(sdl).definitions.flatMap((type) => (type.kind === Kind.OBJECT_TYPE_DEFINITION ? (type.fields ?? []).filter(({ directives }) => directives?.some(({ name }) => name.value === 'phi')).map((field) => [type.name.value, `${type.name.value}.${field.name.value}`] as const) : []))
  assert.ok(phi.length > 20)
  for (const [type, field] of phi) assert.ok(open.get(field) === false || open.get(type) === false, `${field} is open to everybody`)
})

test('S46 what only pharmacists may do is refused to every other role, and public reads are open to all', () => {
  const whole = (client: string, name: string) => callersOfMatrix.filter((caller) => operation(client, name)[caller] === 'whole')
  assert.deepEqual(whole('staff', 'ReleaseFill'), ['pharmacist', 'pharmacist-in-charge'])
  assert.deepEqual(whole('staff', 'VerifyPrescription'), ['pharmacist', 'pharmacist-in-charge'])
  assert.deepEqual(whole('web', 'SearchDrugs'), [...callersOfMatrix])
  assert.equal(operation('web', 'MyOrders').anonymous, 'refused')
})

test('every operation is somebody’s, and the table names each of them', () => {
  const text = printMatrix(matrix)
  for (const { client, name, access } of matrix.operations) {
    assert.ok(Object.values(access).includes('whole'), `${client}/${name} is whole for nobody`)
    assert.ok(text.includes(`| ${client}/${name} |`))
  }
})
