/** The issuer's pages: plain forms that work without JavaScript. Every value put into `html` is escaped. */
import type { SignUp, SignUpProblems } from './accounts.ts'

class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | Html | undefined | false | readonly Html[]

function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(strings.reduce((text, part, i) => text + toText(values[i - 1]) + part))
}

function toText(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(toText).join('')
  return String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

export interface SignInPage {
  action: string
  clientName: string
  email: string
  problem?: string
  signUpUrl?: string
  cancelUrl: string
  demoAccounts: readonly { name: string; email: string; roles: readonly string[] }[]
}

export function signInPage(page: SignInPage): string {
  return document(
    'Sign in',
    html`
      <p class="lead">to continue to <strong>${page.clientName}</strong></p>
      ${problem(page.problem)}
      <form method="post" action="${page.action}">
        <label for="email">E-mail</label>
        <input id="email" name="email" type="email" value="${page.email}" autocomplete="username" required ${focus(page.email === '')} />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required ${focus(page.email !== '')} />
        <button>Sign in</button>
      </form>
      <p class="links">
        ${page.signUpUrl && html`<a href="${page.signUpUrl}">Create an account</a>`}
        <a href="${page.cancelUrl}">Cancel</a>
      </p>
      <details>
        <summary>Demo accounts</summary>
        <p>The password of all of them is <code>demo</code>. Codes: <code>npm run totp -- nora</code>.</p>
        <ul>
          ${page.demoAccounts.map(
            ({ name, email, roles }) => html`<li><a href="?login_hint=${encodeURIComponent(email)}">${name}</a> ${roles.join(', ')}</li>`,
          )}
        </ul>
      </details>
    `,
  )
}

export interface CodePage {
  action: string
  name: string
  otherAccountUrl: string
  cancelUrl: string
  problem?: string
}

export function codePage(page: CodePage): string {
  return document(
    'Enter your code',
    html`
      <p class="lead"><strong>${page.name}</strong>, confirm that it is you with the six digits from your authenticator app.</p>
      ${problem(page.problem)}
      <form method="post" action="${page.action}">
        <label for="code">Code</label>
        <input id="code" name="code" class="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}"
          title="Six digits" maxlength="7" required autofocus />
        <button>Continue</button>
      </form>
      <p class="links"><a href="${page.otherAccountUrl}">Use another account</a> <a href="${page.cancelUrl}">Cancel</a></p>
    `,
  )
}

export interface SignUpPage {
  action: string
  signInUrl: string
  values: Partial<SignUp>
  problems: SignUpProblems
}

export function signUpPage({ action, signInUrl, values, problems }: SignUpPage): string {
  const field = (name: keyof SignUp, label: string, type: string, autocomplete: string, hint?: string) => {
    const wrong = problems[name]
    const describedBy = wrong || hint ? html`aria-describedby="${name}-note"` : undefined
    return html`
      <label for="${name}">${label}</label>
      <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required
        value="${type === 'password' ? '' : (values[name] ?? '')}" ${wrong && html`aria-invalid="true"`} ${describedBy} />
      ${(wrong ?? hint) && html`<p id="${name}-note" class="${wrong ? 'problem' : 'hint'}">${wrong ?? hint}</p>`}
    `
  }
  return document(
    'Create an account',
    html`
      ${problem(Object.keys(problems).length > 0 ? 'Please correct the fields below.' : undefined)}
      <form method="post" action="${action}" novalidate>
        ${field('givenName', 'First name', 'text', 'given-name')}
        ${field('familyName', 'Last name', 'text', 'family-name')}
        ${field('email', 'E-mail', 'email', 'email')}
        ${field('password', 'Password', 'password', 'new-password', 'At least 8 characters.')}
        <button>Create account</button>
      </form>
      <p class="links"><a href="${signInUrl}">I have an account</a></p>
    `,
  )
}

/** `form` is oidc-provider's own hidden form, posted by the buttons. */
export function signOutPage(form: string): string {
  return document(
    'Sign out?',
    html`
      ${new Html(form)}
      <button form="op.logoutForm" name="logout" value="yes" autofocus>Yes, sign me out</button>
      <button form="op.logoutForm" class="quiet">No, stay signed in</button>
    `,
  )
}

export function signedOutPage(): string {
  return document('Signed out', html`<p class="lead">You can close this page.</p>`)
}

export function errorPage(message: string): string {
  return document(
    'That did not work',
    html`${problem(message)}<p class="lead">Go back to the application and sign in again.</p>`,
  )
}

export function homePage(issuer: string): string {
  const configuration = `${issuer}/.well-known/openid-configuration`
  return document(
    'Local identity',
    html`<p class="lead">The OpenID Connect issuer of the local Pharmagraph stack, with demo people.</p>
      <p><a href="${configuration}">Discovery document</a></p>`,
  )
}

function problem(message: string | undefined): Html | undefined {
  return message === undefined ? undefined : html`<p class="problem" role="alert">${message}</p>`
}

function focus(here: boolean): Html | undefined {
  return here ? html`autofocus` : undefined
}

function document(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Pharmagraph</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>
          <p class="brand" aria-hidden="true">℞ Pharmagraph</p>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`.text
}

export const styleSheet = `
:root { color-scheme: light dark; --ink: #12312b; --paper: #fff; --ground: #eef4f1; --accent: #0b6e55; --line: #b9cbc4; --bad: #a3211b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3efea; --paper: #16211e; --ground: #0d1513; --accent: #4cc3a0; --line: #3d514a; --bad: #ff9a92 }
  button { color: #06241c }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 25rem; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem }
.brand { margin: 0; font-weight: 600; color: var(--accent) }
h1 { margin: .25rem 0 .5rem; font-size: 1.6rem; line-height: 1.2 }
.lead { margin: 0 0 1rem }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .4rem }
input[aria-invalid] { border-color: var(--bad) }
.code { font-size: 1.5rem; letter-spacing: .3em; font-variant-numeric: tabular-nums }
button { width: 100%; margin-top: 1.25rem; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: var(--accent);
  border: 1px solid var(--accent); border-radius: .4rem; cursor: pointer }
button.quiet { color: inherit; background: transparent; border-color: var(--line) }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.problem { margin: .5rem 0; color: var(--bad); font-weight: 600 }
.hint { margin: .25rem 0; opacity: .8 }
.links { display: flex; gap: 1.25rem; margin: 1.25rem 0 0 }
details { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: 1rem }
details ul { margin: .5rem 0 0; padding-left: 1.2rem }
`
