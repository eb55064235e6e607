/** The work item this person holds: its lease is renewed while its page is open. */

/** @typedef {{ workItemId: string, token: number }} Held */

const key = 'pharmagraph.held'
const heartbeatMs = 30_000

/** @param {Held} held */
export const hold = (held) => sessionStorage.setItem(key, JSON.stringify(held))
export const letGo = () => sessionStorage.removeItem(key)
/** @returns {Held | null} */
export const heldNow = () => JSON.parse(sessionStorage.getItem(key) ?? 'null')

/** Renews the lease until stopped; says when it is lost. @param {import('./main.js').App} app @param {Held | null} held @returns {() => void} stop */
export function keepLease({ graph, say }, held) {
  if (!held) return () => {}
  const beat = setInterval(() => {
    void graph.run('HeartbeatWorkItem', { input: held }).then(({ heartbeatWorkItem }) => {
      if (heartbeatWorkItem.__typename !== 'LeaseLost') return
      clearInterval(beat)
      say(heartbeatWorkItem.message, 'bad')
    }, () => {})
  }, heartbeatMs)
  return () => clearInterval(beat)
}

/**
 * Goes on from the answer of a mutation: asks for the second factor where it is wanted, says a refusal, or does `then`.
 * @param {import('./main.js').App} app @param {any} answer @param {string} payload @param {() => unknown} then
 */
export function follow({ session, say }, answer, payload, then) {
  if (answer.__typename === 'StepUpRequired') return session.signIn('staff', { acrValues: answer.acrValues, maxAge: answer.maxAgeSeconds })
  if (answer.__typename !== payload) return say(answer.missing?.length ? `${answer.message} ${answer.missing.join(', ')}` : answer.message, 'bad')
  return then()
}
