/** The supergraph file and what it makes; a new file takes over without a request noticing, a bad one is told and ignored. */
import { readFile } from 'node:fs/promises'
import { unwatchFile, watchFile } from 'node:fs'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'
import { Operations } from '../operations/operations.ts'
import type { PersistedOperations } from '../operations/persisted.ts'
import { buildGraph, type Unauthorized } from './graph.ts'
import { createLabels } from './labels.ts'
import { createPlanning, type Planning, type PlanningOptions } from './planning.ts'

export type WatchedGraph = {
  current(): Operations
  onChange(callback: (operations: Operations) => void): () => void
  /** Reads the file again now; resolves when the new graph is in force or was refused. */
  reload(): Promise<void>
  /** Makes the persisted operations ready on every new graph before it takes over. */
  warmWith(persisted: PersistedOperations): Promise<void>
  /** Threads that plan, those of graphs no longer in force included. */
  threads(): number
  close(): Promise<void>
}

/** What every graph that takes over is made with. */
export type GraphOptions = {
  readonly unauthorized?: Unauthorized | undefined
  readonly overrideLabels?: readonly string[] | undefined
  readonly introspection?: boolean | undefined
  readonly planning?: PlanningOptions | undefined
}

const pollMs = 500

/** Throws where the file at start-up is no supergraph that can be served. */
export async function watchGraph(file: string, logger: Logger, { unauthorized, overrideLabels, introspection, planning: planningOptions }: GraphOptions = {}): Promise<WatchedGraph> {
  const labels = createLabels(overrideLabels)
  const plannings = new Set<Planning>()
  const make = (sdl: string): { operations: Operations; planning: Planning } => {
    const graph = buildGraph(sdl, unauthorized)
    const planning = createPlanning(sdl, planningOptions)
    plannings.add(planning)
    return { operations: new Operations(graph, labels, { planning, introspection }), planning }
  }
  let { operations, planning } = make(await readFile(file, 'utf8'))
  let persisted: PersistedOperations | undefined
  let reloading: Promise<void> = Promise.resolve()
  const listeners = new Set<(operations: Operations) => void>()

  const warm = async (next: Operations): Promise<void> => {
    for (const { operation, problem } of (await persisted?.warm(next)) ?? []) {
      logger.error({ operation: `${operation.clientName}/${operation.name}`, problem }, 'a persisted operation does not fit the supergraph')
    }
  }

  const reload = async (): Promise<void> => {
    try {
      const sdl = await readFile(file, 'utf8')
      if (sdl === operations.graph.sdl) return
      const next = make(sdl)
      await warm(next.operations)
      planning.retire()
      ;({ operations, planning } = next)
      for (const old of plannings) if (old !== planning && old.threads === 0) plannings.delete(old)
      for (const listener of listeners) listener(operations)
      logger.info({ version: operations.graph.version }, 'the supergraph was reloaded')
    } catch (error) {
      logger.error({ file, problem: (error as Error).message }, 'the supergraph file is not usable: the one in force stays')
    }
  }
  const inTurn = (): Promise<void> => (reloading = reloading.then(reload))

  // polling sees a file that was replaced by rename or through a mounted volume, where notifications do not come
  watchFile(file, { interval: pollMs, persistent: false }, () => void inTurn())
  return {
    current: () => operations,
    onChange(callback) {
      listeners.add(callback)
      callback(operations)
      return () => listeners.delete(callback)
    },
    reload: inTurn,
    async warmWith(operationsToWarm) {
      persisted = operationsToWarm
      await warm(operations)
    },
    threads: () => [...plannings].reduce((count, { threads }) => count + threads, 0),
    async close() {
      unwatchFile(file)
      await Promise.all([...plannings].map((one) => one.close()))
    },
  }
}
