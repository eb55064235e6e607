/** The event stream: one JetStream stream `EVENTS` for all facts, kept in files. */
import {
  AckPolicy, DeliverPolicy, RetentionPolicy, StorageType, connect, headers, nanos,
  type JetStreamClient, type JetStreamManager, type NatsConnection,
} from 'nats'

export const streamName = 'EVENTS'
/** How long the broker itself drops repeats of a message id; the inbox guards beyond it. */
const duplicateWindowMs = 10 * 60_000

export type Broker = { connection: NatsConnection; jetstream: JetStreamClient; manager: JetStreamManager }

/** Connects, waiting for the server as long as it takes, and reconnects for ever: a broker restart is no failure here. */
export async function connectBroker(url: string, name: string): Promise<Broker> {
  const connection = await connect({ servers: url.split(','), name, maxReconnectAttempts: -1, reconnectTimeWait: 250, waitOnFirstConnect: true, pingInterval: 10_000 })
  const manager = await connection.jetstreamManager()
  await ensureStream(manager)
  return { connection, jetstream: connection.jetstream(), manager }
}

async function ensureStream(manager: JetStreamManager): Promise<void> {
  const replicas = Number(process.env['NATS_REPLICAS'] ?? 1)
  const config = {
    name: streamName,
    subjects: ['events.>'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    duplicate_window: nanos(duplicateWindowMs),
  }
  try {
    await manager.streams.info(streamName)
  } catch {
    // several processes start at once: adding an equal stream twice is no error
    await manager.streams.add(config)
  }
}

/** The durable consumer of a subgraph: shared by its instances, so each event is handled by one of them. */
export async function ensureConsumer(manager: JetStreamManager, durable: string, subjects: string[]): Promise<void> {
  const config = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subjects: subjects,
    ack_wait: nanos(30_000),
    max_ack_pending: 256,
    max_deliver: -1,
  }
  try {
    await manager.consumers.info(streamName, durable)
    await manager.consumers.update(streamName, durable, config)
  } catch {
    await manager.consumers.add(streamName, config)
  }
}

export const messageHeaders = headers
