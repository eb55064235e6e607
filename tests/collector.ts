/** An OpenTelemetry collector for tests: takes OTLP over HTTP as JSON and keeps the spans. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CollectedSpan = { traceId: string; spanId: string; parentSpanId: string | undefined; name: string; service: string; attributes: Record<string, string> }
export type Collector = { readonly url: string; readonly spans: CollectedSpan[]; stop(): Promise<void> }

type Value = { stringValue?: string; intValue?: string; boolValue?: boolean }
type Attribute = { key: string; value: Value }
type Export = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: { traceId: string; spanId: string; parentSpanId?: string; name: string; attributes: Attribute[] }[] }[] }[]
}
const read = (attributes: Attribute[]): Record<string, string> => Object.fromEntries(attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue ?? value.boolValue)]))

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      for (const { resource, scopeSpans } of (JSON.parse(Buffer.concat(chunks).toString()) as Export).resourceSpans) {
        const service = read(resource.attributes)['service.name']!
        for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
          spans.push({ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId || undefined, name: span.name, service, attributes: read(span.attributes) })
        }
      }
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
