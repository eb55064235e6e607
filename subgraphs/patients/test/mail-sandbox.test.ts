import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@pharmagraph/platform'
import { startMailSandbox } from '../../../dev/src/sandboxes/mail/server.ts'
import { mailNotifier } from '../src/notify/mail.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'mail-'))
const sandbox = await startMailSandbox({ dataDir })
after(async () => {
  await sandbox.close()
  await rm(dataDir, { recursive: true, force: true })
})
const inbox = async (to: string) => ((await (await fetch(`${sandbox.url}/messages.json?to=${encodeURIComponent(to)}`)).json()) as { messages: Record<string, string>[] }).messages

test('the message service takes e-mail and SMS, once per notification, and refuses an address that is none for good', async () => {
  const notifier = mailNotifier(sandbox.url)
  const id = newId()
  for (let n = 0; n < 2; n++) await notifier.send({ id, channel: 'EMAIL', to: 'ann@example.com', subject: 'Hello', text: 'Sign in.' })
  await notifier.send({ id: newId(), channel: 'SMS', to: '+14155550199', subject: 'Hello', text: 'Sign in.' })
  assert.deepEqual((await inbox('ann@example.com')).map(({ channel, subject, text }) => [channel, subject, text]), [['email', 'Hello', 'Sign in.']])
  assert.equal((await inbox('+14155550199')).length, 1)
  await assert.rejects(notifier.send({ id: newId(), channel: 'SMS', to: 'nobody', subject: 'Hello', text: 'Sign in.' }), { code: 'MESSAGE_REFUSED' })
  await assert.rejects(mailNotifier('http://127.0.0.1:9').send({ id, channel: 'EMAIL', to: 'a@b.cd', subject: 'x', text: 'y' }), { code: 'UNAVAILABLE' })
})
