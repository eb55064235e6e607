// experiment
import { fork } from 'node:child_process'
import { mkdtempSync, writeFileSync, mkdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { parse } from 'graphql'
import { composeServices } from '@apollo/composition'
import { readOperationFiles } from '../gateway/src/operations/manifest.ts'
const src = readFileSync(new URL('./gateway.ts', import.meta.url),'utf8')
const schemas = new Function('link', 'return '+/const schemas[^=]*= (\{[\s\S]*?\n\})/.exec(src)![1])( 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])')
const operations = new Function('return '+/const operations = (\{[\s\S]*?\n\})/.exec(src)![1])()
const folder = mkdtempSync(join(tmpdir(),'prof-')); mkdirSync(join(folder,'web'))
const start = (args: string[], execArgv: string[] = []) => new Promise<any>((res) => { const c = fork(new URL('./gateway.ts', import.meta.url), args, { execArgv, env: {...process.env, NODE_ENV:'production', LOG_LEVEL:'silent'} }); c.once('message', (m: any) => res({c, url: m.url})) })
const subs = await Promise.all(Object.keys(schemas).map(async n => [n, await start(['subgraph', n])] as const))
const urls = Object.fromEntries(subs.map(([n,s])=>[n,s.url]))
const composed = composeServices(Object.entries(schemas).map(([name, sdl]) => ({ name, url: urls[name], typeDefs: parse(sdl as string) })))
writeFileSync(join(folder,'supergraph.graphql'), composed.supergraphSdl!)
for (const [n,t] of Object.entries(operations)) writeFileSync(join(folder,'web',`${n}.graphql`), t as string)
const manifest = readOperationFiles(folder); writeFileSync(join(folder,'manifest.json'), JSON.stringify(manifest))
const which = process.argv[2]!, prof = process.argv[3] === 'prof'
const gw = await start([process.argv[4] ?? 'ours', JSON.stringify({folder, urls, supergraphFile: join(folder,'supergraph.graphql')})], prof ? ['--cpu-prof','--cpu-prof-dir=/tmp/gw/prof','--cpu-prof-interval=200'] : [])
const op = manifest.operations.find(o=>o.name.toLowerCase()===which)!
const pool = new Pool(new URL(gw.url).origin, {connections: 32, pipelining: 1})
const body = JSON.stringify({ query: op.body, extensions: { persistedQuery: { version: 1, sha256Hash: op.id } } })
const cpu = () => new Promise<any>(r => { gw.c.once('message', (m: any) => r((m.cpu.user+m.cpu.system)/1000)); gw.c.send('cpu') })
const loop = async (ms: number) => { let n=0; const t=performance.now(); await Promise.all(Array.from({length:32}, async()=>{ while(performance.now()-t<ms){ const r = await pool.request({path:'/graphql', method:'POST', headers:{'content-type':'application/json'}, body}); await r.body.arrayBuffer(); n++ } })); return n/((performance.now()-t)/1000) }
await loop(2000); const c0 = await cpu(); let n0 = await loop(10000); const c1 = await cpu(); console.log(which, 'rps', n0.toFixed(0), 'cpu ms/req', ((c1-c0)/(n0*10)).toFixed(3))
gw.c.disconnect(); for (const [,s] of subs) s.c.kill(); setTimeout(()=>process.exit(0), prof?3000:100)
