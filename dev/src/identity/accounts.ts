/** Who can sign in: the demo people, and everybody who signed up, kept in a JSON file. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Secret, TOTP } from 'otpauth'
import { v7 as uuid } from 'uuid'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import { people } from './people.ts'
import type { Person } from './people.ts'

const deriveKey = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>

export type Account = Omit<Person, 'password'> & { checkPassword(password: string): Promise<boolean> }

export interface SignUp {
  givenName: string
  familyName: string
  email: string
  password: string
}
export type SignUpProblems = Partial<Record<keyof SignUp, string>>

/** As stored: the demo people are not, their passwords are public anyway. */
interface StoredAccount {
  id: string
  patientId: string
  givenName: string
  familyName: string
  email: string
  /** scrypt with Node's default cost: base64 of a 16-byte salt followed by the 32-byte key. */
  passwordHash: string
  createdAt: string
}

export class Accounts {
  readonly #file: string
  readonly #byId = new Map<string, Account>()
  readonly #byEmail = new Map<string, Account>()
  #stored: StoredAccount[]
  /** Ids of demo people who were removed: they are not in the file of accounts, so that this says it. */
  readonly #removed: Set<string>
  readonly #removedFile: string

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'accounts.json')
    this.#stored = readJsonFile<StoredAccount[]>(this.#file) ?? []
    this.#removedFile = join(dataDir, 'removed-accounts.json')
    this.#removed = new Set(readJsonFile<string[]>(this.#removedFile) ?? [])
    for (const { password, ...person } of Object.values<Person>(people).filter(({ id }) => !this.#removed.has(id))) {
      this.#add({ ...person, checkPassword: async (given) => equal(Buffer.from(given), Buffer.from(password)) })
    }
    for (const stored of this.#stored) this.#add(fromStored(stored))
  }

  byId(id: string): Account | undefined {
    return this.#byId.get(id)
  }

  byEmail(email: string): Account | undefined {
    return this.#byEmail.get(email.trim().toLowerCase())
  }

  /** Accounts whose tokens carry that patient id. */
  ofPatient(patientId: string): Account[] {
    return [...this.#byId.values()].filter((account) => account.patientId === patientId)
  }

  /** Ends an account for good: nobody signs in to it, and its refresh tokens give nothing more. False where there is none. */
  remove(id: string): boolean {
    const account = this.#byId.get(id)
    if (!account) return false
    if (this.#stored.some((stored) => stored.id === id)) {
      this.#stored = this.#stored.filter((stored) => stored.id !== id)
      writeJsonFile(this.#file, this.#stored)
    } else {
      this.#removed.add(id)
      writeJsonFile(this.#removedFile, [...this.#removed])
    }
    this.#byId.delete(id)
    this.#byEmail.delete(account.email)
    return true
  }

  /** The account, or undefined: an unknown address and a wrong password look the same. */
  async authenticate(email: string, password: string): Promise<Account | undefined> {
    const account = this.byEmail(email)
    if (account) return (await account.checkPassword(password)) ? account : undefined
    await hash(password, randomBytes(16))
    return undefined
  }

  /** Creates a patient's account, or says for each field what is wrong with it. */
  async signUp(form: SignUp): Promise<Account | SignUpProblems> {
    const fields = {
      givenName: form.givenName.trim(),
      familyName: form.familyName.trim(),
      email: form.email.trim().toLowerCase(),
    }
    const salt = randomBytes(16)
    const passwordHash = Buffer.concat([salt, await hash(form.password, salt)]).toString('base64')

    // From here to the write nothing awaits, so that two sign-ups cannot take one address.
    const problems = this.#problems({ ...fields, password: form.password })
    if (Object.keys(problems).length > 0) return problems
    const stored = { id: uuid(), patientId: uuid(), ...fields, passwordHash, createdAt: new Date().toISOString() }
    writeJsonFile(this.#file, [...this.#stored, stored])
    this.#stored.push(stored)
    return this.#add(fromStored(stored))
  }

  #problems({ givenName, familyName, email, password }: SignUp): SignUpProblems {
    const problems: SignUpProblems = {}
    if (givenName === '') problems.givenName = 'Enter your first name.'
    if (familyName === '') problems.familyName = 'Enter your last name.'
    for (const field of ['givenName', 'familyName'] as const) {
      if ({ givenName, familyName }[field].length > 100) problems[field] = 'Use at most 100 characters.'
    }
    if (email.length > 254 || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
      problems.email = 'Enter an e-mail address such as name@example.com.'
    } else if (this.byEmail(email)) {
      problems.email = 'There is already an account with this address.'
    }
    // NIST SP 800-63B: a minimum length, no rules on composition, and a limit that keeps hashing cheap.
    if (password.length < 8) problems.password = 'Use at least 8 characters.'
    if (password.length > 200) problems.password = 'Use at most 200 characters.'
    return problems
  }

  #add(account: Account): Account {
    this.#byId.set(account.id, account)
    this.#byEmail.set(account.email, account)
    return account
  }
}

/** True for the code of now or of the 30 s step before or after, for clocks that differ a little (RFC 6238, 5.2). */
export function checkTotp(secret: string, code: string): boolean {
  return totp(secret).validate({ token: code.replace(/\s/g, ''), window: 1 }) !== null
}

/** The current code of a secret, and for how many more seconds it is shown. */
export function totpNow(secret: string): { code: string; secondsLeft: number } {
  return { code: totp(secret).generate(), secondsLeft: Math.ceil(totp(secret).remaining() / 1000) }
}

function totp(secret: string): TOTP {
  return new TOTP({ issuer: 'Pharmagraph', digits: 6, period: 30, secret: Secret.fromBase32(secret) })
}

function fromStored({ id, patientId, givenName, familyName, email, passwordHash }: StoredAccount): Account {
  const bytes = Buffer.from(passwordHash, 'base64')
  const [salt, key] = [bytes.subarray(0, 16), bytes.subarray(16)]
  return {
    id,
    patientId,
    givenName,
    familyName,
    email,
    name: `${givenName} ${familyName}`,
    roles: ['patient'],
    checkPassword: async (given) => equal(await hash(given, salt), key),
  }
}

function hash(password: string, salt: Buffer): Promise<Buffer> {
  return deriveKey(password.normalize('NFKC'), salt, 32)
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
