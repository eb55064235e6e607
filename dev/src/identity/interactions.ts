/** Sign-in, second factor and sign-up: the pages between an authorization request and its answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors } from 'oidc-provider'
import type Provider from 'oidc-provider'
import type { Interaction } from 'oidc-provider'
import { checkTotp } from './accounts.ts'
import type { Account, Accounts } from './accounts.ts'
import { acr, publicClients } from './clients.ts'
import { codePage, errorPage, homePage, signInPage, signUpPage, styleSheet } from './pages.ts'
import { people } from './people.ts'
import type { Person } from './people.ts'
import { mayUse, needsSecondFactor } from './provider.ts'

const maxBody = 16 * 1024
const maxWrongAnswers = 5

/** What is known of a sign-in under way, by interaction. */
interface Progress {
  /** The account whose password was right and whose code is still to come. */
  accountId?: string
  wrongAnswers: number
  expiresAt: number
}

/** Answers the issuer's own pages; returns false for everything that oidc-provider answers. */
export function createPages(provider: Provider, accounts: Accounts) {
  const progress = new Map<string, Progress>()

  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? '/', provider.issuer)
    if (url.pathname === '/') send(response, 200, homePage(provider.issuer))
    else if (url.pathname === '/style.css') send(response, 200, styleSheet, 'text/css')
    else if (url.pathname.startsWith('/interaction/')) await interact(request, response, url)
    else return false
    return true
  }

  async function interact(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    let interaction: Interaction
    try {
      interaction = await provider.interactionDetails(request, response)
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
      return send(response, 400, errorPage('This sign-in has expired or belongs to another window.'))
    }
    const visit: Visit = { request, response, interaction, query: url.searchParams, state: progressOf(interaction.uid) }
    const page = url.pathname.split('/')[3] ?? ''
    const form = request.method === 'POST' ? await readForm(request) : undefined

    if (page === 'cancel') return refuse(visit, 'access_denied', 'the sign-in was cancelled')
    if (page === 'sign-up' && clientOf(interaction)?.signUp) return form ? signUp(visit, form) : showSignUp(visit)
    if (page !== '') return send(response, 404, errorPage('There is no such page.'))
    // Every client is our own: where one asks for the consent prompt (as offline_access wants), the grant stands already.
    if (interaction.prompt.name === 'consent') {
      return provider.interactionFinished(request, response, { consent: { ...(interaction.grantId && { grantId: interaction.grantId }) } })
    }
    if (form?.has('code')) return submitCode(visit, form)
    if (form) return submitPassword(visit, form)
    const waiting = awaitedCode(visit)
    if (waiting && !visit.query.has('login_hint')) return showCode(visit, waiting)
    delete visit.state.accountId
    showSignIn(visit, visit.query.get('login_hint') ?? text(interaction.params['login_hint']))
  }

  async function submitPassword(visit: Visit, form: URLSearchParams): Promise<void> {
    const email = form.get('email') ?? ''
    const account = await accounts.authenticate(email, form.get('password') ?? '')
    const { client_id, scope, acr_values } = visit.interaction.params
    if (!account) return wrong(visit, () => showSignIn(visit, email, 'The e-mail address or the password is wrong.'))
    if (!mayUse(account, client_id, scope)) {
      return showSignIn(visit, email, `This account cannot use ${clientOf(visit.interaction)?.name ?? client_id}.`)
    }
    if (!needsSecondFactor(account, acr_values)) return finish(visit, account, false)
    visit.state.accountId = account.id
    showCode(visit, account)
  }

  async function submitCode(visit: Visit, form: URLSearchParams): Promise<void> {
    const account = awaitedCode(visit)
    if (!account?.totpSecret) return showSignIn(visit, '', 'Sign in again.')
    // A code may be used twice within its 30 s, so that tests and demos need not wait for the next; RFC 6238 forbids it.
    if (!checkTotp(account.totpSecret, form.get('code') ?? '')) {
      return wrong(visit, () => showCode(visit, account, 'That code is not right, or no longer valid.'))
    }
    return finish(visit, account, true)
  }

  async function signUp(visit: Visit, form: URLSearchParams): Promise<void> {
    const field = (name: string) => form.get(name) ?? ''
    const values = { givenName: field('givenName'), familyName: field('familyName'), email: field('email'), password: field('password') }
    const outcome = await accounts.signUp(values)
    if ('id' in outcome) return finish(visit, outcome, false)
    showSignUp(visit, values, outcome)
  }

  /**
   * The account that only has to give its code: its password was right a moment ago or, for a step-up, when the browser
   * session began.
   */
  function awaitedCode({ interaction, state }: Visit): Account | undefined {
    const account = accounts.byId(state.accountId ?? interaction.session?.accountId ?? '')
    if (!account || !mayUse(account, interaction.params.client_id, interaction.params['scope'])) return undefined
    return needsSecondFactor(account, interaction.params['acr_values']) ? account : undefined
  }

  function finish({ request, response, interaction }: Visit, account: Account, secondFactor: boolean): Promise<void> {
    progress.delete(interaction.uid)
    const login = {
      accountId: account.id,
      amr: secondFactor ? ['pwd', 'otp'] : ['pwd'],
      acr: secondFactor ? acr.secondFactor : acr.password,
      ts: Math.floor(Date.now() / 1000),
    }
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
  }

  function refuse({ request, response, interaction }: Visit, error: string, error_description: string): Promise<void> {
    progress.delete(interaction.uid)
    return provider.interactionFinished(request, response, { error, error_description })
  }

  /** Shows the form again, until somebody is plainly guessing. */
  async function wrong(visit: Visit, again: () => void): Promise<void> {
    visit.state.wrongAnswers += 1
    if (visit.state.wrongAnswers >= maxWrongAnswers) return refuse(visit, 'access_denied', 'too many wrong passwords or codes')
    again()
  }

  function showSignIn({ interaction, response }: Visit, email: string, problem?: string): void {
    const client = clientOf(interaction)
    const path = `/interaction/${interaction.uid}`
    send(
      response,
      problem === undefined ? 200 : 400,
      signInPage({
        action: path,
        clientName: client?.name ?? interaction.params.client_id,
        email,
        cancelUrl: `${path}/cancel`,
        demoAccounts: Object.values<Person>(people).filter(({ id }) => {
          const account = accounts.byId(id)
          return client && account && mayUse(account, client.id, client.scope)
        }),
        ...(problem !== undefined && { problem }),
        ...(client?.signUp && { signUpUrl: `${path}/sign-up` }),
      }),
    )
  }

  function showCode({ interaction, response }: Visit, { name }: Account, problem?: string): void {
    const action = `/interaction/${interaction.uid}`
    const page = { action, name, otherAccountUrl: `${action}?login_hint=`, cancelUrl: `${action}/cancel` }
    send(response, problem === undefined ? 200 : 400, codePage({ ...page, ...(problem !== undefined && { problem }) }))
  }

  function showSignUp({ interaction, response }: Visit, values = {}, problems = {}): void {
    const signInUrl = `/interaction/${interaction.uid}`
    const status = Object.keys(problems).length > 0 ? 400 : 200
    send(response, status, signUpPage({ action: `${signInUrl}/sign-up`, signInUrl, values, problems }))
  }

  function progressOf(uid: string): Progress {
    const now = Date.now()
    for (const [key, { expiresAt }] of progress) if (expiresAt < now) progress.delete(key)
    const state = progress.get(uid) ?? { wrongAnswers: 0, expiresAt: now + 30 * 60_000 }
    progress.set(uid, state)
    return state
  }
}

interface Visit {
  request: IncomingMessage
  response: ServerResponse
  interaction: Interaction
  query: URLSearchParams
  state: Progress
}

function clientOf({ params }: Interaction) {
  return publicClients.find(({ id }) => id === params.client_id)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    body += chunk
    if (body.length > maxBody) throw new Error('the form is too large')
  }
  return new URLSearchParams(body)
}

function send(response: ServerResponse, status: number, body: string, type = 'text/html'): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': type === 'text/html' ? 'no-store' : 'max-age=3600',
    // No form-action: Chromium applies it to the redirect that follows a form, which leads to the application.
    'content-security-policy': "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
