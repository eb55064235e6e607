/** What gateways tell each other: budgets spent, access withdrawn. A broker that is away is waited for; meanwhile each gateway goes by what it knows. */
import { Events } from 'nats'
import type { Broker } from '@pharmagraph/platform/nats.ts'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'

export type Peers = {
  /** Tells all gateways, this one included; lost where the broker is away. */
  publish(subject: string, message: unknown): void
  listen(subject: string, receive: (message: unknown) => void): void
  /** Called when the broker is reached for the first time, and each time it is reached again; tried again where it fails. */
  onReach(work: (broker: Broker) => Promise<void>): void
  close(): Promise<void>
}

const retryMs = 250
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export function connectPeers(connect: () => Promise<Broker>, logger: Logger): Peers {
  let closed = false
  let reached: Broker | undefined

  const untilDone = async (work: () => Promise<void>): Promise<void> => {
    for (let trouble = ''; !closed; await pause(retryMs)) {
      try {
        return await work()
      } catch (error) {
        const problem = (error as Error).message
        if (problem !== trouble) logger.warn({ problem }, 'the other gateways cannot be reached, trying until they can')
        trouble = problem
      }
    }
  }
  const broker = Promise.withResolvers<Broker>()
  void untilDone(async () => broker.resolve((reached = await connect())))

  return {
    publish(subject, message) {
      if (reached && !reached.connection.isClosed()) reached.connection.publish(subject, JSON.stringify(message))
    },
    listen(subject, receive) {
      void broker.promise.then(({ connection }) => connection.subscribe(subject, {
        callback: (error, message) => {
          if (error) return
          try {
            receive(message.json())
          } catch {
            logger.warn({ subject }, 'a message is not JSON')
          }
        },
      }))
    },
    onReach(work) {
      void broker.promise.then(async (connected) => {
        await untilDone(() => work(connected))
        for await (const { type } of connected.connection.status()) if (type === Events.Reconnect) await untilDone(() => work(connected))
      })
    },
    async close() {
      closed = true
      // a broker that was never reached has nothing to close
      await reached?.connection.close()
    },
  }
}
