/** Who may run what: every persisted operation and every protected field against every role, as the gateway decides it. */
import { parse } from 'graphql'
import type { Actor, Role } from '@pharmagraph/platform/actor.ts'
import type { Graph } from '../supergraph/graph.ts'
import { denialOf, type Requirement } from '../supergraph/rules.ts'
import type { Manifest } from './manifest.ts'
import { parsedOperation, select, type Selected, type SelectedField } from './selection.ts'

export const callersOfMatrix = ['anonymous', 'patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner'] as const
type CallerName = (typeof callersOfMatrix)[number]

/** `whole`; `part` with some fields null; `refused`. Row rules of the owners come on top. */
export type Access = 'whole' | 'part' | 'refused'
export type Matrix = {
  readonly operations: readonly { readonly client: string; readonly name: string; readonly access: Readonly<Record<CallerName, Access>>; /** Fields denied to somebody. */ readonly fields: readonly string[] }[]
  /** `Type.field` or a type, where the graph asks for something. */
  readonly fields: readonly { readonly name: string; readonly allowed: Readonly<Record<CallerName, boolean>> }[]
}

/** An actor of one role, without any scope. */
const actorOf = (name: CallerName): Actor => ({ subject: name, roles: name === 'anonymous' ? [] : [name as Role], scopes: [], amr: [] })

export function accessMatrix(graph: Graph, manifest: Manifest): Matrix {
  const forAll = <Value>(of: (actor: Actor) => Value) => Object.fromEntries(callersOfMatrix.map((name) => [name, of(actorOf(name))])) as Record<CallerName, Value>
  const requirements = new Map<string, Requirement>([...graph.rules.types, ...graph.rules.fields])
  return {
    operations: manifest.operations.map(({ clientName: client, name, body }) => {
      const parsed = parsedOperation(parse(body, { noLocation: true }), name)
      const selected = (actor: Actor): Selected[] => select(parsed, graph, { denial: (requirement) => denialOf(requirement, actor), variable: () => true }, true)
      const fields = new Set<string>()
      const access = forAll((actor): Access => {
        const all = flat(selected(actor))
        const denied = all.filter(({ denied }) => denied)
        for (const { parent, definition } of denied) fields.add(`${parent.name}.${definition.name}`)
        const roots = all.filter(({ parent }) => parent === graph.schema.getRootType(parsed.operation.operation))
        return denied.length === 0 ? 'whole' : roots.every((root) => root.denied) ? 'refused' : 'part'
      })
      return { client, name, access, fields: [...fields].sort() }
    }),
    fields: [...requirements].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, requirement]) => ({ name, allowed: forAll((actor) => denialOf(requirement, actor) === undefined) })),
  }
}

const flat = (selections: readonly Selected[]): SelectedField[] =>
  selections.flatMap((selected) => (selected.kind === 'fragment' ? flat(selected.selections) : [selected, ...(selected.denied ? [] : flat(selected.selections))]))

/** As a table of Markdown. */
export function printMatrix({ operations, fields }: Matrix): string {
  const head = (first: string) => [`| ${first} | ${callersOfMatrix.join(' | ')} |`, `|---|${callersOfMatrix.map(() => ':-:').join('|')}|`]
  const signs = { whole: '●', part: '◐', refused: '' } as const
  return [
    '● whole, ◐ some fields null, empty: refused', '',
    ...head('operation'), ...operations.map(({ client, name, access }) => `| ${client}/${name} | ${callersOfMatrix.map((caller) => signs[access[caller]]).join(' | ')} |`), '',
    ...head('field'), ...fields.map(({ name, allowed }) => `| ${name} | ${callersOfMatrix.map((caller) => (allowed[caller] ? '●' : '')).join(' | ')} |`),
  ].join('\n')
}
