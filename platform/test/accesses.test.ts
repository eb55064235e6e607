import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema, graphql } from 'graphql'
import { newId } from '@pharmagraph/platform'
import { Accesses, watchAccesses, withAccesses } from '@pharmagraph/platform/accesses.ts'

test('what a root field marked @phi gives is noted by the ids of what was seen', async () => {
  const schema = buildSchema('directive @phi on FIELD_DEFINITION type Query { plans: [Plan!]! @phi count: Int! @phi none: Plan @phi } type Plan { id: ID! day: String @phi }')
  const [id, patientId] = [newId(), newId()]
  const values: Record<string, unknown> = { plans: [{ id, patientId, day: 'Monday' }], count: 3, none: null }
  for (const field of Object.values(schema.getQueryType()!.getFields())) field.resolve = () => values[field.name]
  watchAccesses(schema)
  const accesses = new Accesses()
  const { errors } = await graphql({ schema, source: '{ plans { id day } count none { id } }', contextValue: withAccesses({}, accesses) })
  assert.equal(errors, undefined)
  assert.deepEqual(accesses.toData(), { shown: [{ type: 'Query.plans', ids: [id] }, { type: 'Plan', ids: [id] }], patientIds: [patientId], refused: [{ what: 'Query.none', ids: [] }] })
})
