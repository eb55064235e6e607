import { test } from 'node:test'
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import fc from 'fast-check'
import { canonicalHash, canonicalJson, migrate, newId, openDatabase, transact } from '@pharmagraph/platform'
import { scratchDatabase, scratchServer } from '../../../tests/environment.ts'
import { isAsVerified, isIntact } from '../src/integrity/prescription.ts'
import { ed25519Signer } from '../src/integrity/signer.ts'
import { Prescription } from '../src/entities/prescription.ts'
import { DispenseRecord } from '../src/entities/dispense-record.ts'
import { entities } from '../src/entities/index.ts'
import type { PrescriptionContent } from '../src/content.ts'
import { services } from '../src/services.ts'
import { act, claimFor, held, ken, nora, packed, publishDrug, registerPatient, submit, subgraph, untilPrescription, verified } from './pharmacy.ts'

const lisinopril = await publishDrug({ genericName: 'lisinopril' })
const atenolol = await publishDrug({ genericName: 'atenolol' })
const seed = (byte: number): Buffer => Buffer.alloc(32, byte)
const publicOf = (byte: number): Buffer => Buffer.from(ed25519Signer(seed(byte)).publicKeys()[0]!.publicKey, 'base64')

const rowAndContent = (id: string): Promise<{ row: Prescription; content: PrescriptionContent }> =>
  transact(subgraph.running.orm, async (em) => {
    const row = await em.findOneOrFail(Prescription, { id })
    return { row, content: await services().vault.open<PrescriptionContent>(em, row.sealedFor, row.sealed) }
  })

/** What somebody can do who writes to the database, and even holds the keys that encrypt: content, hash and columns alike. */
const forge = (id: string, change: Partial<PrescriptionContent>): Promise<void> =>
  transact(subgraph.running.orm, async (em) => {
    const row = await em.findOneOrFail(Prescription, { id })
    const content = { ...(await services().vault.open<PrescriptionContent>(em, row.sealedFor, row.sealed)), ...change }
    row.sealed = await services().vault.seal(em, row.sealedFor, content)
    Object.assign(row, { contentHash: canonicalHash(content), quantity: content.quantity, refillsAuthorized: content.refills })
  })

test('C17 a prescription is signed as it comes in, over its canonical content, and anybody with the public key can check it', async () => {
  const patient = await registerPatient()
  const { row, content } = await rowAndContent(await submit({ patientId: patient.id, drugId: lisinopril.drugId }))
  const published = services().signer.publicKeys().find(({ keyId }) => keyId === row.signatureKeyId)!
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(published.publicKey, 'base64')]), format: 'der', type: 'spki' })
  const signedText = Buffer.from(canonicalJson({ prescriptionId: row.id, content }))
  assert.ok(verify(null, signedText, key, Buffer.from(row.signature, 'base64url')))
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { contentHash contentSignature { algorithm keyId value } } }', { id: row.id })
  assert.deepEqual(prescription, { contentHash: canonicalHash(content), contentSignature: { algorithm: 'Ed25519', keyId: row.signatureKeyId, value: row.signature } })
})

test('C17 an inspector verifies the signed records of a prescription with the published keys and node:crypto alone', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  const fill = await packed(id, patient.id, lisinopril)
  await act(ken, 'releaseFill', { fillId: fill.id })
  // nobody signed in
  const response = await fetch(new URL('/.well-known/prescription-keys', subgraph.url))
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] }
  assert.deepEqual([response.status, response.headers.get('content-type')?.split(';')[0], response.headers.get('cache-control')], [200, 'application/jwk-set+json', 'public, max-age=300'])
  assert.ok(keys.every((key) => key.kty === 'OKP' && key.crv === 'Ed25519' && key.use === 'sig' && key.alg === 'EdDSA' && !('d' in key)))
  const query = 'query ($id: ID!) { prescription(id: $id) { contentHash signedRecords { about text at algorithm keyId value } } }'
  const { contentHash, signedRecords } = (await subgraph.data(nora, query, { id })).prescription as { contentHash: string; signedRecords: { about: string; text: string; keyId: string; value: string }[] }
  assert.deepEqual(signedRecords.map(({ about }) => about), ['RECEIVED', 'VERIFIED', 'DISPENSED'])
  const verifies = ({ text, keyId, value }: { text: string; keyId: string; value: string }): boolean =>
    verify(null, Buffer.from(text), createPublicKey({ key: keys.find(({ kid }) => kid === keyId)!, format: 'jwk' }), Buffer.from(value, 'base64url'))
  for (const record of signedRecords) {
    assert.ok(verifies(record), record.about)
    assert.ok(!verifies({ ...record, text: record.text.replace(id, newId()) }), record.about)
  }
  const [received, checked, dispensed] = signedRecords.map(({ text }) => JSON.parse(text))
  assert.equal(createHash('sha256').update(JSON.stringify(received.content)).digest('hex'), contentHash)
  assert.deepEqual([received.prescriptionId, received.content.quantity, checked.contentHash, dispensed.contentHash, dispensed.fillId], [id, 30, contentHash, contentHash, fill.id])
  assert.equal((await subgraph.graph(patient.actor, query, { id })).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('a key of before is published as long as it verifies, after the one that signs now', () => {
  const signer = ed25519Signer(seed(5), [publicOf(4)])
  assert.deepEqual(signer.jwks().keys.map(({ kid }) => kid), signer.publicKeys().map(({ keyId }) => keyId))
  assert.equal(signer.jwks().keys[0]?.kid, signer.keyId)
  assert.equal(signer.jwks().keys.length, 2)
})

test('C13 content altered together with its hash and every column is still refused at verification', async () => {
  const patient = await registerPatient()
  for (const change of [{ quantity: 90 }, { refills: 11 }, { sig: 'Take 4 tablets daily.' }, { drug: { text: 'lisinopril 40 mg tablet' } }]) {
    const id = await submit({ patientId: patient.id, drugId: lisinopril.drugId, sig: `Take 1 tablet daily ${newId()}.` })
    await untilPrescription(id, 'CLINICAL_REVIEW')
    await forge(id, change)
    const outcome = await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))
    assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTENT_ALTERED'], JSON.stringify(change))
    await act(nora, 'rejectPrescription', { ...held(await claimFor(nora, 'VERIFICATION', id)), reasonCode: 'FORGERY_SUSPECTED', text: 'altered' })
  }
})

test('C13 after verification neither content, nor drug, patient or schedule can be changed unseen: the release is refused', async () => {
  for (const alter of [
    (id: string) => forge(id, { quantity: 60 }),
    (id: string) => subgraph.sql('update prescription set drug_id = $2 where id = $1', [id, atenolol.drugId]),
    (id: string) => subgraph.sql(`update prescription set dea_schedule = 'CV' where id = $1`, [id]),
    (id: string) => subgraph.sql('update prescription set verified_by = $2 where id = $1', [id, newId()]),
    (id: string) => subgraph.sql(`update prescription set signature = (select signature from prescription where id <> $1 limit 1) where id = $1`, [id]),
  ]) {
    const patient = await registerPatient()
    const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
    const fill = await packed(id, patient.id, lisinopril)
    await alter(id)
    const outcome = await act(ken, 'releaseFill', { fillId: fill.id })
    assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTENT_ALTERED'], alter.toString())
  }
})

test('C13 neither more than was prescribed, nor another product, leaves on columns no signature covers', async () => {
  const [enalapril, ramipril] = [await publishDrug({ genericName: 'enalapril' }), await publishDrug({ genericName: 'ramipril' })]
  // before the order: what the next fill is for
  for (const [drug, alter] of [
    [enalapril, (id: string) => subgraph.sql('update prescription set next_quantity = 90 where id = $1', [id])],
    [ramipril, (id: string) => subgraph.sql('update prescription set substitute_drug_id = $2, substitute_daw = 0 where id = $1', [id, enalapril.drugId])],
  ] as const) {
    const patient = await registerPatient()
    const id = await verified({ patientId: patient.id, drugId: drug.drugId })
    await alter(id)
    const fill = await packed(id, patient.id, drug === ramipril ? enalapril : drug, { quantity: drug === enalapril ? 90 : 30 })
    const outcome = await act(ken, 'releaseFill', { fillId: fill.id })
    assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTENT_ALTERED'], alter.toString())
  }
  // at the bench: the fill itself
  for (const alter of [`quantity = 60`, `lots = jsonb_set(lots, '{0,quantity}', '60')`]) {
    const patient = await registerPatient()
    const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
    const fill = await packed(id, patient.id, lisinopril)
    await subgraph.sql(`update fill set ${alter} where id = $1`, [fill.id])
    assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['code'], 'CONTENT_ALTERED', alter)
  }
})

test('C13 an amendment does not carry on what was altered, nor another drug than the one verified', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  await subgraph.sql('update prescription set drug_id = $2 where id = $1', [id, atenolol.drugId])
  const outcome = await act(nora, 'amendPrescription', { prescriptionId: id, quantity: 60, agreement: 'Dr. Petrova agreed by telephone' })
  assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTENT_ALTERED'])
})

test('C6 the dispensing record carries our signature', async () => {
  const patient = await registerPatient()
  const fill = await packed(await verified({ patientId: patient.id, drugId: lisinopril.drugId }), patient.id, lisinopril)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const record = await transact(subgraph.running.orm, (em) => em.findOneOrFail(DispenseRecord, { fillId: fill.id }))
  const signature = { keyId: record.signatureKeyId, value: record.signature }
  assert.ok(services().signer.verifies(JSON.parse(record.record), signature))
  assert.ok(!services().signer.verifies({ ...JSON.parse(record.record), quantity: 31 }, signature))
})

test('when the key changes, what the old one signed still verifies, as long as its public half is kept', async () => {
  const patient = await registerPatient()
  const { row, content } = await rowAndContent(await verified({ patientId: patient.id, drugId: lisinopril.drugId }))
  const renewed = ed25519Signer(seed(9), [publicOf(3)])
  assert.deepEqual([isIntact(renewed, row, content), isAsVerified(renewed, row)], [true, true])
  assert.notEqual(renewed.keyId, row.signatureKeyId)
  const forgotten = ed25519Signer(seed(9))
  assert.deepEqual([isIntact(forgotten, row, content), isAsVerified(forgotten, row)], [false, false])
})

test('no signature is good for any other content, key or text', () => {
  const signer = ed25519Signer(seed(5), [publicOf(6)])
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (content, other) => {
    const signature = signer.sign(content)
    assert.ok(signer.verifies(content, signature))
    assert.equal(signer.verifies(other, signature), canonicalJson(other) === canonicalJson(content))
    assert.ok(!signer.verifies(content, { ...signature, keyId: ed25519Signer(seed(6)).keyId }))
    assert.ok(!signer.verifies(content, { ...signature, value: `${signature.value[0] === 'A' ? 'B' : 'A'}${signature.value.slice(1)}` }))
    for (const nothing of ['', null, undefined]) assert.ok(!signer.verifies(content, { ...signature, value: nothing }))
  }), { numRuns: 50 })
})

test('prescriptions of before signatures are signed by the migration where they are intact, and never verify where they are not', async () => {
  const patient = await registerPatient()
  const ids = [await verified({ patientId: patient.id, drugId: lisinopril.drugId }), await verified({ patientId: patient.id, drugId: atenolol.drugId })]
  const told = async (table: string, column: string, values: string[]) =>
    (await subgraph.sql<{ row: Record<string, unknown> }>(`select row_to_json(t) as row from ${table} t where ${column} = any($1)`, [values])).map(({ row }) => row)
  const [dataKeys, rows] = [await told('data_key', 'subject_id', [patient.id]), await told('prescription', 'id', ids)]
  const server = await scratchServer()
  const database = await scratchDatabase(server, 'before')
  const orm = await openDatabase({ url: database.url, entities, migrations: resolve(import.meta.dirname, '../migrations') })
  try {
    await orm.migrator.up({ to: 'Migration20261122000000_initial' })
    const insert = (table: string, row: Record<string, unknown>) => orm.em.fork().execute(`insert into ${table} select (json_populate_record(null::${table}, ?::json)).*`, [JSON.stringify(row)])
    for (const key of dataKeys) await insert('data_key', key)
    for (const row of rows) await insert('prescription', row['id'] === ids[1] ? { ...row, content_hash: 'altered' } : row)
    await migrate(orm)
    const [kept, altered] = await Promise.all(ids.map((id) => orm.em.fork().findOneOrFail(Prescription, { id })))
    const { content } = await rowAndContent(ids[0]!)
    assert.deepEqual([isIntact(services().signer, kept!, content), isAsVerified(services().signer, kept!)], [true, true])
    assert.equal(isIntact(services().signer, altered!, content), false)
  } finally {
    await orm.close(true)
    await database.drop()
    await server.stop()
  }
})
