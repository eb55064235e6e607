/** Public reads under way: whoever asks for the same meanwhile gets the same answer. Nothing personal is ever shared. */
import type { Prepared, Response } from './operations.ts'

export type Share = (prepared: Prepared, variables: Readonly<Record<string, unknown>> | undefined, respond: () => Promise<Response>) => Promise<Response>

export function createSharing(): Share {
  const underWay = new WeakMap<Prepared, Map<string, Promise<Response>>>()
  return (prepared, variables, respond) => {
    if (!prepared.isShared) return respond()
    let answers = underWay.get(prepared)
    if (!answers) underWay.set(prepared, (answers = new Map()))
    const key = JSON.stringify(variables) ?? ''
    const known = answers.get(key)
    if (known) return known
    const answer = respond().finally(() => answers.delete(key))
    answers.set(key, answer)
    return answer
  }
}
