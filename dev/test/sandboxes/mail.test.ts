import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startMailSandbox } from '../../src/sandboxes/mail/server.ts'
import { post, temporaryFolder } from './support.ts'

async function inbox(t: TestContext): Promise<string> {
  const sandbox = await startMailSandbox({ dataDir: temporaryFolder(t) })
  t.after(() => sandbox.close())
  return sandbox.url
}

async function list(url: string, query = ''): Promise<{ channel: string; to: string; subject: string | null; text: string }[]> {
  return ((await (await fetch(`${url}/messages.json${query}`)).json()) as { messages: [] }).messages
}

const EMAIL = { channel: 'email', to: 'avery@example.com', subject: 'Your order <1>', text: 'It is on its way.\nTrack it.' }

test('messages are kept, newest first, and read by recipient or in a page that needs no script', async (t) => {
  const url = await inbox(t)
  assert.equal((await post(`${url}/messages`, EMAIL)).status, 201)
  await post(`${url}/messages`, { channel: 'sms', to: '+14155550134', text: 'Ready <b>now</b>' })
  assert.deepEqual((await list(url)).map(({ to }) => to), ['+14155550134', 'avery@example.com'])
  assert.deepEqual((await list(url, '?to=avery@example.com')).map(({ subject }) => subject), ['Your order <1>'])
  assert.equal((await list(url, `?to=${encodeURIComponent('+14155550134')}`)).length, 1)

  const page = await (await fetch(url)).text()
  assert.ok(page.indexOf('Ready &lt;b&gt;now') < page.indexOf('Your order &lt;1&gt;'), 'newest first, escaped')
  assert.match(page, /<meta http-equiv="refresh"/)
  assert.doesNotMatch(page, /<script/)
})

test('a message that could not be delivered anywhere is refused with the field named', async (t) => {
  const url = await inbox(t)
  const cases = [
    [{ ...EMAIL, to: 'nobody' }, 'to'],
    [{ channel: 'sms', to: '555-0134', text: 'x' }, 'to'],
    [{ ...EMAIL, channel: 'pigeon' }, 'channel'],
    [{ channel: 'email', to: 'a@b' }, 'text'],
  ] as const
  for (const [message, field] of cases) {
    const refused = await post(`${url}/messages`, message)
    assert.deepEqual([refused.status, refused.json.error.field], [400, field], JSON.stringify(message))
  }
  assert.equal((await list(url)).length, 0)
})

test('a message sent again under the same key is one message', async (t) => {
  const url = await inbox(t)
  const [first, second] = [await post(`${url}/messages`, EMAIL, { 'idempotency-key': 'n1' }), await post(`${url}/messages`, EMAIL, { 'idempotency-key': 'n1' })]
  assert.equal(first.json.id, second.json.id)
  assert.equal((await list(url)).length, 1)
})

test("Twilio's call is answered as Twilio answers it", async (t) => {
  const url = await inbox(t)
  const call = async (form: Record<string, string>, authorization = 'Basic QUM6dA=='): Promise<{ status: number; json: any }> => {
    const response = await fetch(`${url}/2010-04-01/Accounts/AC1/Messages.json`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) })
    return { status: response.status, json: await response.json() }
  }
  const sent = await call({ To: '+14155550134', From: '+14155550100', Body: 'Ready for pick-up' })
  assert.equal(sent.status, 201)
  assert.match(sent.json.sid, /^SM[0-9a-f]{32}$/)
  assert.deepEqual([sent.json.status, sent.json.account_sid, sent.json.num_segments], ['queued', 'AC1', '1'])
  assert.equal((await call({ To: 'me', From: '+14155550100', Body: 'x' })).json.code, 21211)
  assert.equal((await call({ To: '+14155550134', Body: 'x' })).json.code, 21603)
  assert.equal((await call({ To: '+14155550134', From: '+14155550100', Body: 'x' }, '')).status, 401)
  assert.deepEqual((await list(url)).map(({ channel, text }) => [channel, text]), [['sms', 'Ready for pick-up']])
})

test('messages are deleted one by one, by recipient or all', async (t) => {
  const url = await inbox(t)
  const { json } = await post(`${url}/messages`, EMAIL)
  await post(`${url}/messages`, { ...EMAIL, to: 'robin@example.com' })
  await post(`${url}/messages`, { ...EMAIL, to: 'casey@example.com' })
  const remove = async (path: string): Promise<void> => assert.equal((await fetch(`${url}${path}`, { method: 'DELETE' })).status, 204)
  await remove(`/messages/${json.id}`)
  await remove('/messages?to=robin@example.com')
  assert.deepEqual((await list(url)).map(({ to }) => to), ['casey@example.com'])
  await remove('/messages')
  assert.equal((await list(url)).length, 0)
})
