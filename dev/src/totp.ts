/** `npm run totp -- nora`: the current code of a demo person's second factor. */
import { totpNow } from './identity/accounts.ts'
import { people } from './identity/people.ts'
import type { Person } from './identity/people.ts'

const withCode = Object.entries<Person>(people).filter(([, { totpSecret }]) => totpSecret !== undefined)
const [, person] = withCode.find(([key]) => key === process.argv[2]?.toLowerCase()) ?? []
if (person?.totpSecret === undefined) {
  console.error(`Usage: npm run totp -- <name>; these have a second factor: ${withCode.map(([key]) => key).join(', ')}`)
  process.exitCode = 2
} else {
  const { code, secondsLeft } = totpNow(person.totpSecret)
  console.log(`${code}   ${person.name}, for ${secondsLeft} s`)
}
