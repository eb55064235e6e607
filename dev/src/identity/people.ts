/**
 * The people of the demo. Everything here is made up and public: the password of all of them is `demo`, and the TOTP
 * secrets are in plain sight, so these accounts belong on a developer's machine only. The ids are fixed so that other
 * demo data can refer to a person; the block of the last group says what an id stands for: 0… account, 1… patient,
 * 2… practitioner, 3… pharmacist, 4… technician, 5… driver.
 */
export type Role =
  | 'patient'
  | 'caregiver'
  | 'prescriber'
  | 'technician'
  | 'pharmacist'
  | 'pharmacist-in-charge'
  | 'inventory'
  | 'driver'
  | 'support'
  | 'compliance'
  | 'partner'
  | 'system'

export interface Person {
  /** The `sub` of every token of this person. */
  id: string
  /** As shown to others, with title. */
  name: string
  givenName: string
  familyName: string
  email: string
  password: string
  roles: readonly Role[]
  patientId?: string
  practitionerId?: string
  pharmacistId?: string
  technicianId?: string
  driverId?: string
  /** Patient ids this caregiver looks after. Not a claim: the patients subgraph decides what a caregiver may see. */
  caresFor?: readonly string[]
  /** Base32, 6 digits, 30 s, SHA-1: what authenticator apps expect. */
  totpSecret?: string
  /** Asked for the code at every sign-in, not only where a client asks for the second factor. */
  alwaysSecondFactor?: boolean
}

export const demoPassword = 'demo'

function person(
  name: string,
  id: string,
  roles: readonly Role[],
  more: Omit<Person, 'id' | 'name' | 'givenName' | 'familyName' | 'email' | 'password' | 'roles'> = {},
): Person {
  const [givenName = '', ...rest] = name.replace(/^Dr\. /, '').split(' ')
  const email = `${givenName.toLowerCase()}@demo.pharmagraph.test`
  return { id, name, givenName, familyName: rest.join(' '), email, password: demoPassword, roles, ...more }
}

export const people = {
  maria: person('Maria Alvarez', '01990000-0000-7000-8000-000000000001', ['patient'], {
    patientId: '01990000-0000-7000-8000-000000000101',
  }),
  james: person('James Chen', '01990000-0000-7000-8000-000000000002', ['patient'], {
    patientId: '01990000-0000-7000-8000-000000000102',
  }),
  aisha: person('Aisha Okafor', '01990000-0000-7000-8000-000000000003', ['patient'], {
    patientId: '01990000-0000-7000-8000-000000000103',
  }),
  rosa: person('Rosa Alvarez', '01990000-0000-7000-8000-000000000004', ['caregiver'], {
    caresFor: ['01990000-0000-7000-8000-000000000101'],
  }),
  elena: person('Dr. Elena Petrova', '01990000-0000-7000-8000-000000000005', ['prescriber'], {
    practitionerId: '01990000-0000-7000-8000-000000000201',
    totpSecret: 'KVKFKRCPJZEVGVKMJRAUCWKBLFMFOZLO',
  }),
  samuel: person('Dr. Samuel Wright', '01990000-0000-7000-8000-000000000006', ['prescriber'], {
    practitionerId: '01990000-0000-7000-8000-000000000202',
    totpSecret: 'MNQW4ZDZNVQW4YLHMVZGK3TUONQW45DF',
  }),
  tom: person('Tom Baker', '01990000-0000-7000-8000-000000000007', ['technician'], {
    technicianId: '01990000-0000-7000-8000-000000000401',
  }),
  nora: person('Dr. Nora Patel', '01990000-0000-7000-8000-000000000008', ['pharmacist'], {
    pharmacistId: '01990000-0000-7000-8000-000000000301',
    totpSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  }),
  ken: person('Dr. Ken Ito', '01990000-0000-7000-8000-000000000009', ['pharmacist'], {
    pharmacistId: '01990000-0000-7000-8000-000000000302',
    totpSecret: 'NFZWY2LTORUGK4TFMJZGS5DUNRSWK5DP',
  }),
  grace: person('Dr. Grace Kim', '01990000-0000-7000-8000-000000000010', ['pharmacist', 'pharmacist-in-charge'], {
    pharmacistId: '01990000-0000-7000-8000-000000000303',
    totpSecret: 'OBUGC4TNMFRWS43UNFXGG2DBOJTWKZDF',
    alwaysSecondFactor: true,
  }),
  ivan: person('Ivan Novak', '01990000-0000-7000-8000-000000000011', ['inventory']),
  dana: person('Dana Reyes', '01990000-0000-7000-8000-000000000012', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000501',
  }),
  leo: person('Leo Martin', '01990000-0000-7000-8000-000000000013', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000502',
  }),
  priya: person('Priya Shah', '01990000-0000-7000-8000-000000000014', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000503',
  }),
  omar: person('Omar Haddad', '01990000-0000-7000-8000-000000000015', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000504',
  }),
  mei: person('Mei Lin', '01990000-0000-7000-8000-000000000016', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000505',
  }),
  jonas: person('Jonas Weber', '01990000-0000-7000-8000-000000000017', ['driver'], {
    driverId: '01990000-0000-7000-8000-000000000506',
  }),
  sue: person('Sue Park', '01990000-0000-7000-8000-000000000018', ['support']),
  carl: person('Carl Jensen', '01990000-0000-7000-8000-000000000019', ['compliance']),
} as const satisfies Record<string, Person>
