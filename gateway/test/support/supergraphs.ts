/** Supergraphs to compare on: the real one, and small ones that are made of what is hard to plan and to execute. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'

export type Composed = { readonly subgraphs: Readonly<Record<string, string>>; readonly sdl: string }

const schemaFolder = resolve(import.meta.dirname, '../../../schema')
const names = ['patients', 'prescriptions', 'catalog', 'inventory', 'orders', 'logistics', 'audit']

export const pharmacy: Composed = {
  subgraphs: Object.fromEntries(names.map((name) => [name, readFileSync(resolve(schemaFolder, 'subgraphs', `${name}.graphql`), 'utf8')])),
  sdl: readFileSync(resolve(schemaFolder, 'supergraph.graphql'), 'utf8'),
}

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@override", "@inaccessible", "@authenticated", "@requiresScopes", "@context", "@fromContext", "@cost", "@listSize"])\n'

export function compose(schemas: Readonly<Record<string, string>>): Composed {
  const subgraphs = Object.fromEntries(Object.entries(schemas).map(([name, text]) => [name, link + text]))
  const { errors, supergraphSdl } = composeServices(Object.entries(subgraphs).map(([name, text]) => ({ name, url: `http://${name}`, typeDefs: parse(text) })))
  if (errors) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'))
  return { subgraphs, sdl: supergraphSdl }
}

/** Several keys, composite and nested ones, shared value types, `@requires` with arguments, `@provides`. */
export const shop = (): Composed => compose({
  products: `
    type Query { products: [Product!] product: Product depot: Depot }
    type Product @key(fields: "id") @key(fields: "sku region { code }") {
      id: ID! sku: String! region: Region! price(currency: Currency!): Int weight: Int! size: Size @shareable parts: [Product!]
    }
    type Region @shareable { code: String! }
    type Size @shareable { width: Int height: Int unit: String! }
    enum Currency { USD EUR }
    type Depot @key(fields: "place { city zip }") { place: Place! name: String }
    type Place @shareable { city: String! zip: String! }`,
  reviews: `
    type Query { bestSeller: Product cheapest: [Product] }
    type Product @key(fields: "sku region { code }") { sku: String! region: Region! size: Size @shareable reviews: [Review] }
    type Region @shareable { code: String! }
    type Size @shareable { width: Int height: Int unit: String! }
    type Review @key(fields: "id") { id: ID! text: String product: Product author: Author @provides(fields: "name") }
    type Author @key(fields: "id") { id: ID! name: String @external }`,
  logistics: `
    type Author @key(fields: "id") { id: ID! name: String @shareable email: String! }
    type Product @key(fields: "id") {
      id: ID! price(currency: Currency!): Int @external weight: Int! @external size: Size @external
      shipping: Int @requires(fields: "price(currency: USD) weight")
      label: String @requires(fields: "size { width unit }")
    }
    type Size @shareable { width: Int height: Int unit: String! }
    enum Currency { USD EUR }
    type Depot @key(fields: "place { city zip }") { place: Place! stock: [Product!]! manager: Author }
    type Place @shareable { city: String! zip: String! }`,
})

/** Interfaces with a key, interface objects, unions, types that refer to themselves. */
export const library = (): Composed => compose({
  works: `
    type Query { media: [Media!]! one: Media search: [Found] favourite: Found! }
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int! author: Person }
    type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int cast: [Person!] }
    type Person @key(fields: "id") { id: ID! name: String! }
    union Found = Book | Film | Person`,
  opinions: `
    type Query { trending: [Media] }
    type Media @key(fields: "id") @interfaceObject { id: ID! score: Int comments: [Comment!] }
    type Comment { text: String! by: Person about: Media }
    type Person @key(fields: "id") { id: ID! nick: String likes: [Media] }`,
  catalogue: `
    type Book @key(fields: "id") { id: ID! isbn: String! sequel: Book shelf: Shelf }
    type Film @key(fields: "id") { id: ID! rating: Rating prints: [Print!] }
    interface Print { place: String }
    type Reel implements Print { place: String metres: Int! }
    type Disc implements Print { place: String layers: Int by: Person }
    type Shelf { row: Int! held: [Kept] }
    union Kept = Book | Disc
    type Person @key(fields: "id", resolvable: false) { id: ID! }
    enum Rating { ALL ADULT }`,
})

/** Chains of `@requires`, interfaces without a key, lists of value types, fields that moved from one owner to another. */
export const bank = (): Composed => compose({
  accounts: `
    type Query { account: Account accounts: [Account!]! parties: [Party] }
    type Account @key(fields: "id") @key(fields: "iban") { id: ID! iban: ID! balance: Money! owner: Customer! limits: [Limit!] holder: Holder }
    type Money @shareable { amount: Int! currency: String! }
    type Limit @shareable { kind: String! most: Money }
    interface Party { id: ID! name: String }
    type Customer implements Party @key(fields: "id") { id: ID! name: String }
    type Company implements Party @key(fields: "id") { id: ID! name: String accounts: [Account] }
    union Holder = Customer | Company`,
  risks: `
    type Account @key(fields: "iban") {
      iban: ID! balance: Money! @external limits: [Limit!] @external
      risk: Int @requires(fields: "balance { amount }")
      headroom: [Money!] @requires(fields: "limits { kind most { amount currency } }")
    }
    type Money @shareable { amount: Int! currency: String! }
    type Limit @shareable { kind: String! most: Money }
    type Customer @key(fields: "id") { id: ID! watched: Boolean! sponsor: Company }
    type Company @key(fields: "id") { id: ID! country: String @override(from: "scores") }`,
  scores: `
    type Query { worst: [Account] }
    type Account @key(fields: "id") { id: ID! risk: Int @external score: Float @requires(fields: "risk") }
    type Customer @key(fields: "id") { id: ID! watched: Boolean! @external grade: Grade @requires(fields: "watched") }
    type Company @key(fields: "id") { id: ID! country: String rank: Int! }
    enum Grade { A B C @inaccessible }`,
})
