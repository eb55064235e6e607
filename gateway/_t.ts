import { readFileSync } from 'node:fs'
import { buildGraph } from './src/supergraph/graph.ts'
import { Operations } from './src/operations/operations.ts'
const g = buildGraph(readFileSync('/work/main/schema/supergraph.graphql','utf8'))
try { const p = new Operations(g).fromClient('subscription($no: Boolean = false) { orderChanged(orderId: "o1") @include(if: $no) { kind } }')
p.live({subject:'x',roles:['patient'],scopes:[],amr:[]},{}) } catch (e) { console.log(e, e.errors) }
