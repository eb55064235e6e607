/** SQL statements of operations, counted from their traces: those that run before the answer, not those of consumers after it. */
import type { CollectedSpan } from './collector.ts'

/**
 * Most SQL statements an operation may run before it is answered, over all subgraphs, a transaction's begin and commit
 * included; with some room for a version conflict that is tried again. A number that grows with the rows of a list is a
 * loop of queries where one batch belongs.
 */
export const statementBounds: Readonly<Record<string, number>> = {
  Checkout: 27, RegisterPatient: 26, VerifyPrescription: 23, OrderPage: 21, StartRoute: 21, ClaimNextWorkItem: 18,
  AddToCart: 18, ReleaseFill: 18, RecordDelivery: 18, ReviewPrescription: 17, MyRoute: 15, SubmitFill: 14,
  AddAddress: 13, CheckFill: 13, RecordPosition: 13, OverrideAlert: 12, FillPage: 12, PickUpShipment: 12,
  MyPrescriptions: 11, VerifyAuditChain: 11, SearchDrugs: 10, ScanFill: 10, DrugPage: 7, AuditTrail: 5,
  MyOrders: 10, WorkQueue: 7, Orders: 5,
}

export type Counted = { readonly operation: string; readonly statements: number; readonly services: Readonly<Record<string, number>> }

/** One entry for each operation in the spans of a gateway and its subgraphs. */
export function countStatements(spans: readonly CollectedSpan[]): Counted[] {
  const children = Map.groupBy(spans.filter(({ parentSpanId }) => parentSpanId !== undefined), ({ parentSpanId }) => parentSpanId!)
  return spans.flatMap((root) => {
    const operation = root.service === 'gateway' ? root.attributes['graphql.operation.name'] : undefined
    if (operation === undefined) return []
    const services: Record<string, number> = {}
    const walk = (span: CollectedSpan): void => {
      // what is published is handled after the answer, as a part of the same trace
      if (span.name.startsWith('publish ')) return
      if (span.attributes['db.system.name'] !== undefined) services[span.service] = (services[span.service] ?? 0) + 1
      for (const child of children.get(span.spanId) ?? []) walk(child)
    }
    walk(root)
    return [{ operation, statements: Object.values(services).reduce((sum, count) => sum + count, 0), services }]
  })
}

/** For each operation its run with the most statements. */
export function worstOf(counted: readonly Counted[]): Map<string, Counted> {
  const worst = new Map<string, Counted>()
  for (const one of counted) if (one.statements >= (worst.get(one.operation)?.statements ?? 0)) worst.set(one.operation, one)
  return worst
}
