import type { Fault } from './faults.ts'
import type { TrafficEntry } from './traffic.ts'

/** Markup that is safe to put into a page as it stands. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const render = (value: unknown): string => {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  return String(value ?? '').replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

/** A template whose values are escaped, other templates and lists of them excepted. */
export const html = (strings: TemplateStringsArray, ...values: unknown[]): Html =>
  new Html(strings.reduce((text, part, index) => text + render(values[index - 1]) + part))

/** A whole page. `refreshSeconds` has the browser load it again. */
export const page = (title: string, content: Html, refreshSeconds?: number): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refreshSeconds ? html`<meta http-equiv="refresh" content="${refreshSeconds}">` : ''}
<title>${title}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; font-size: .85rem; }
  th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  article { border: 1px solid #8884; border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
  article p { white-space: pre-wrap; margin: .5rem 0 0; }
  button { font: inherit; padding: .5rem 1.25rem; border-radius: .5rem; cursor: pointer; }
  small, .muted { color: #777; } code { font-size: .9em; }
</style>
</head>
<body>
${content}
</body>
</html>
`.text

/** What the sandbox lately heard and said, and the faults it is under. */
export const activity = (traffic: readonly (TrafficEntry & { at: string })[], faults: readonly Fault[], pending: number): Html => html`
<h2>Faults</h2>
${faults.length === 0
  ? html`<p class="muted">None. <code>POST /control/faults</code> adds one.</p>`
  : html`<ul>${faults.map((fault) => html`<li><code>${JSON.stringify(fault)}</code></li>`)}</ul>`}
<h2>Recent traffic</h2>
<p class="muted">${pending} message${pending === 1 ? '' : 's'} waiting to be delivered.</p>
<table>
<thead><tr><th>time</th><th></th><th>call</th><th>status</th><th>note</th></tr></thead>
<tbody>${traffic.slice(0, 50).map(
  (entry) => html`<tr><td>${entry.at.slice(11, 19)}</td><td>${entry.direction === 'in' ? '→' : '←'}</td>
<td><code>${entry.method} ${entry.path}</code></td><td>${entry.status}</td>
<td>${entry.note ?? (entry.ms === undefined ? '' : `${entry.ms} ms`)}</td></tr>`,
)}</tbody>
</table>`
