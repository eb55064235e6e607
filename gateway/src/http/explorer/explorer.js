// The explorer page: GraphiQL over HTTP, subscriptions over graphql-ws with the token of the Headers tab.
import { createClient } from './client.js'

const { React, ReactDOM, GraphiQL } = window
const endpoint = new URL('/graphql', location.href)
const socketAddress = endpoint.href.replace(/^http/, 'ws')

const example = `# Search is open to everybody. For the rest, put an access token into the Headers tab below:
#   { "authorization": "Bearer <access token>" }

query SearchDrugs {
  drugs(search: "amoxicillin", first: 5) {
    nodes {
      ndc
      name
      price { perPackage { amountMinor currency } }
      availability { status }
    }
  }
}
`

// #token=… and #query=… fill the page, so that a link can sign somebody in; a fragment never leaves the browser
const given = new URLSearchParams(location.hash.slice(1))
const token = given.get('token')

const headerOf = (headers, name) => Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]

/** Answers as GraphiQL wants them: a promise for a query, an async iterator for a subscription. */
function fetcher(request, { headers, documentAST } = {}) {
  const operation = documentAST?.definitions.find((node) => node.kind === 'OperationDefinition' && (!request.operationName || node.name?.value === request.operationName))
  if (operation?.operation === 'subscription') {
    const client = createClient({ url: socketAddress, connectionParams: { authorization: headerOf(headers, 'authorization') }, retryAttempts: 0 })
    const events = client.iterate(request)
    return { [Symbol.asyncIterator]: () => ({ next: () => events.next().catch(readable), return: () => (client.dispose(), events.return()) }) }
  }
  return fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(request) }).then((response) => response.json())
}

/** A closed socket says why in its code and reason; an Event object would show as {}. */
function readable(error) {
  throw typeof error?.code === 'number' ? new Error(`the connection was closed: ${error.code} ${error.reason}`) : error
}

const hint = React.createElement(
  'div',
  { className: 'hint' },
  'Sign in as one of the demo people (npm start prints them), then paste the access token into the Headers tab: ',
  React.createElement('code', null, '{ "authorization": "Bearer …" }'),
)
const explorer = React.createElement(GraphiQL, {
  fetcher,
  defaultQuery: example,
  ...(given.has('query') && { query: given.get('query') }),
  headers: token ? JSON.stringify({ authorization: `Bearer ${token}` }, null, 2) : undefined,
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false,
  defaultEditorToolsVisibility: 'headers',
})
ReactDOM.createRoot(document.querySelector('#explorer')).render(React.createElement('div', { className: 'page' }, hint, explorer))
