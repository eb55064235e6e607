/** A thread of planning.ts: plans one operation after another for the supergraph it was started with. */
import { parentPort, workerData } from 'node:worker_threads'
import { parse, type OperationDefinitionNode } from 'graphql'
import { readLabels } from './labels.ts'
import { createPlanner, readSupergraph } from './planner.ts'

export type Asked = { readonly text: string; readonly on: readonly string[] }
/** `ready` once, when the supergraph is read; then an answer for each operation. */
export type Told = { readonly ready: true } | { readonly plan: string } | { readonly problem: string }

const document = parse(workerData as string, { noLocation: true })
const plan = createPlanner(readSupergraph(document), readLabels(document))
const tell = (told: Told): void => parentPort!.postMessage(told)

parentPort!.on('message', ({ text, on }: Asked) => {
  try {
    const [operation] = parse(text, { noLocation: true }).definitions as readonly OperationDefinitionNode[]
    tell({ plan: JSON.stringify(plan(operation!, on)) })
  } catch (error) {
    tell({ problem: (error as Error).message })
  }
})
tell({ ready: true })
