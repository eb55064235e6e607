import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, type OperationDefinitionNode } from 'graphql'
import type { RunningGateway } from '../src/gateway.ts'
import { readManifest } from '../src/operations/manifest.ts'
import { Bounded } from '../src/operations/bounded.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { createPlanning } from '../src/supergraph/planning.ts'
import { everybody } from './support/reference.ts'
import { aDrug } from './support/subgraphs.ts'
import { library, pharmacy } from './support/supergraphs.ts'
import { transportNames, transports } from './support/transports.ts'
import { startWorld, take, until, type Answer, type World } from './support/world.ts'

let world: World
let libraryFile: string
before(async () => {
  world = await startWorld()
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
  libraryFile = join(dirname(world.supergraphFile), 'library.graphql')
  writeFileSync(libraryFile, library().sdl)
})
after(() => world.stop())

/** Within every limit, and yet work for the planner: interface objects, again and again. `salt` makes another text of it. */
const hostile = (salt: number): string => {
  const about = (depth: number): string =>
    depth === 0 ? 'score' : `comments { by { nick name } about { title score ... on Book { pages isbn sequel { score title } author { nick } } ... on Film { minutes rating score } ${depth === 1 ? '' : about(depth - 1)} } }`
  return `query Q${salt} { ${Array.from({ length: 6 }, (_, index) => `a${index}: one { ${about(2)} }`).join(' ')} }`
}
const ask = async ({ url }: RunningGateway, query: string): Promise<Answer & { status: number }> => {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })
  return { status: response.status, ...((await response.json()) as Answer) }
}
const codeOf = ({ errors }: Answer): unknown => errors?.[0]?.extensions['code']

/** Sends the planner round in circles: for 40 seconds and gigabytes of memory until it fails. */
const circle = '{ trending { __typename id ... on Film { __typename id ... on Film @defer(label: "later") { rating } } } }'

test('S82 while a hostile operation is planned, everybody else is answered; where @defer is what cannot be planned, the answer comes whole', async () => {
  const gateway = await world.startGateway({ supergraphFile: libraryFile, planning: { deadlineMs: 4_000, threads: 1 } })
  try {
    await ask(gateway, '{ one { title } }')
    const planned = fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'multipart/mixed;deferSpec=20220824, application/json' }, body: JSON.stringify({ query: circle }) })
    const others = (async () => {
      for (let time = 0; time < 10; time++) assert.equal((await fetch(new URL('/health', gateway.url))).status, 200)
      // one that was planned before waits for nobody either
      for (let time = 0; time < 10; time++) await ask(gateway, '{ one { title } }')
      return 'answered'
    })()
    assert.equal(await Promise.race([planned.then(() => 'planned'), others]), 'answered')
    const response = await planned
    assert.match(response.headers.get('content-type')!, /^application\/json/)
    // nobody serves the library: it was planned and asked for
    assert.equal(codeOf((await response.json()) as Answer), 'SUBGRAPH_UNAVAILABLE')
  } finally {
    await gateway.stop()
  }
  assert.equal(gateway.planningThreads(), 0)
})

test('S82 what is not planned in time is refused with its code, over HTTP and WebSocket', async () => {
  // less than a fast machine takes
  const gateway = await world.startGateway({ supergraphFile: libraryFile, planning: { deadlineMs: 20, threads: 1 } })
  try {
    const { status, data, ...refused } = await ask(gateway, hostile(2))
    assert.deepEqual([status, data, codeOf(refused)], [400, undefined, 'QUERY_PLANNING_TIMEOUT'])
    assert.match(refused.errors![0]!.message, /within 20 ms/)
    const client = world.client(undefined, gateway)
    await assert.rejects(client.iterate({ query: hostile(3) }).next().then((answer) => { throw (answer.value as Answer).errors ?? answer }), (errors: any) => errors[0].extensions.code === 'QUERY_PLANNING_TIMEOUT')
    await client.dispose()
  } finally {
    await gateway.stop()
  }
})

test('S82 a thread that does not answer in time is replaced, and what it worked on is not tried again for a while', async () => {
  const planning = createPlanning(library().sdl, { deadlineMs: 3_000, threads: 1 })
  const [bad, good] = [circle, '{ one { title } }'].map((text) => parse(text).definitions[0] as OperationDefinitionNode)
  const late = { extensions: { code: 'QUERY_PLANNING_TIMEOUT' } }
  try {
    const refused = assert.rejects(planning.plan(bad!, []), late)
    // it waits for the thread that takes the place of the first
    const planned = planning.plan(good!, [])
    await refused
    assert.equal((await planned).node?.kind, 'Fetch')
    assert.equal(planning.threads, 1)
    const another = planning.plan(good!, []).catch(() => undefined)
    await assert.rejects(Promise.race([planning.plan(bad!, []), another]), late, 'at once, before what a thread can do')
  } finally {
    await planning.close()
  }
  assert.equal(planning.threads, 0)
})

test('small operations, persisted ones, and what costs too much need no thread', async () => {
  const { gateway } = world
  const token = await world.issuer.token({ roles: ['patient'], patient_id: 'p1' })
  for (const name of transportNames) {
    const stream = transports[name](gateway.url, token, { query: `subscription Own${name.replace(/\W/g, '')} { myOrderChanged { kind } }` })
    await until(() => stream.answers.length > 0)
    stream.leave()
  }
  assert.deepEqual((await ask(gateway, '{ drug(id: "d1") { name availability { status } } }')).data, { drug: { name: 'amoxicillin', availability: { status: 'IN_STOCK' } } })
  const { operations } = readManifest(join(import.meta.dirname, '../../schema/operations'))
  const { id } = operations.find(({ clientName, name }) => clientName === 'web' && name === 'SearchDrugs')!
  const persisted = await fetch(`${gateway.url}?documentId=${id}&variables=${encodeURIComponent('{"search":"amox"}')}`)
  assert.equal(((await persisted.json()) as Answer).errors, undefined)
  assert.equal(codeOf(await ask(gateway, '{ drugs(first: 100) { nodes { equivalents { equivalents { equivalents { id } } } } } }')), 'OPERATION_TOO_COSTLY')
  assert.equal(gateway.planningThreads(), 0)
  // a large one does
  const names = Array.from({ length: 45 }, (_, index) => `a${index}: name`).join(' ')
  assert.equal((await ask(gateway, `{ drug(id: "d1") { ${names} id ndc strength equivalents { id name ndc strength equivalents { id name ndc strength equivalents { id name ndc strength } } } } }`)).errors, undefined)
  assert.equal(gateway.planningThreads(), 1)
})

test('a graph that is replaced ends its threads, and what it was planning is still answered', async () => {
  const file = join(dirname(world.supergraphFile), 'changing.graphql')
  const { sdl } = library()
  writeFileSync(file, sdl)
  const gateway = await world.startGateway({ supergraphFile: file, planning: { deadlineMs: 30_000, threads: 2 } })
  try {
    for (let version = 1; version <= 3; version++) {
      const pending = ask(gateway, hostile(10 + version))
      await until(() => gateway.planningThreads() > 0)
      writeFileSync(file, `${sdl}\n# version ${version}\n`)
      await gateway.reload()
      assert.equal((await pending).status, 200)
    }
    await until(() => gateway.planningThreads() === 0)
    assert.equal((await ask(gateway, '{ one { title } }')).status, 200)
    assert.equal(gateway.planningThreads(), 1)
  } finally {
    await gateway.stop()
  }
  assert.equal(gateway.planningThreads(), 0)
})

test('a gateway that stops ends its threads, and tells those who wait', async () => {
  const planning = createPlanning(library().sdl, { deadlineMs: 30_000, threads: 1 })
  const operations = new Operations(buildGraph(library().sdl), undefined, { planning })
  const waiting = Promise.allSettled([1, 2, 3].map((salt) => operations.fromClient(hostile(salt)).respond({ actor: everybody, send: async () => ({ data: null }) }, {})))
  await planning.close()
  for (const { status, ...outcome } of await waiting) assert.deepEqual([status, (outcome as PromiseRejectedResult).reason.code], ['rejected', 'UNAVAILABLE'])
  assert.equal(planning.threads, 0)
})

test('what is kept of clients’ own words is bounded by its size, not by its number', async () => {
  const operations = new Operations(buildGraph(pharmacy.sdl))
  for (let count = 0; count < 30; count++) operations.fromClient(`{ drugs(search: "${String(count).padEnd(200_000, 'x')}") { nodes { id } } }`)
  assert.ok(operations.size <= 10, `${operations.size} texts of 200 KB are kept`)
  const bounded = new Bounded<number>(10, (weight) => weight)
  for (const [index, weight] of [4, 4, 4, 11, 1].entries()) bounded.set(String(index), weight)
  assert.deepEqual([bounded.get('0'), bounded.get('1'), bounded.get('2'), bounded.get('3'), bounded.get('4'), bounded.size], [undefined, undefined, undefined, undefined, 1, 1])
})
