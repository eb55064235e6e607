/** `npm run token -- nora [--otp]`: signs a demo person in at the running stack and prints the access token. */
import { people, type Person } from './identity/people.ts'
import { signIn } from './identity/sign-in.ts'
import { issuerUrl } from './stack/environment.ts'
import { configuredPorts, defaultPorts } from './stack/ports.ts'

const [name = '', ...flags] = process.argv.slice(2)
const person = (people as Record<string, Person>)[name.toLowerCase()]
if (!person) {
  console.error(`usage: npm run token -- <${Object.keys(people).join('|')}> [--otp]`)
  process.exit(2)
}
const { accessToken } = await signIn(issuerUrl(configuredPorts(defaultPorts, process.env), process.env), person, { otp: flags.includes('--otp') })
console.log(accessToken)
