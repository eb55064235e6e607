import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { money } from '@pharmagraph/platform'
import { passesLuhn, refuseCardData } from '../src/card-data.ts'
import { lineTax, lineTotal, totalsOf, unitPrice } from '../src/pricing.ts'
import { shippingFor, shippingRows } from '../src/policies/shipping.ts'
import { taxRateFor, taxRows } from '../src/policies/tax.ts'

const price = fc.integer({ min: 1, max: 5_000_000 })
/** Thousandths, as the column keeps them. */
const quantity = fc.integer({ min: 1, max: 9_999_999 })

test('a line total is the package price times quantity over package size, rounded half up once', () => {
  fc.assert(
    fc.property(price, quantity, quantity, (priceMinor, wanted, packed) => {
      const { amountMinor } = lineTotal({ priceMinor, currency: 'USD', packageSize: packed / 1000 }, wanted / 1000)
      // exact: amount − 1/2 ≤ price × wanted / packed < amount + 1/2
      const [twice, exact] = [2n * BigInt(amountMinor), 2n * BigInt(priceMinor) * BigInt(wanted)]
      assert.ok((twice - 1n) * BigInt(packed) <= exact && exact < (twice + 1n) * BigInt(packed))
    }),
  )
  assert.equal(lineTotal({ priceMinor: 1, currency: 'USD', packageSize: 2 }, 1).amountMinor, 1)
  assert.equal(lineTotal({ priceMinor: 1205, currency: 'USD', packageSize: 100 }, 30).amountMinor, 362)
  assert.equal(unitPrice({ priceMinor: 1205, currency: 'USD', packageSize: 100 }).amountMinor, 12)
})

test('more never costs less, and a whole package costs its price', () => {
  fc.assert(
    fc.property(price, quantity, quantity, quantity, (priceMinor, packed, one, more) => {
      const drug = { priceMinor, currency: 'USD', packageSize: packed / 1000 }
      assert.ok(lineTotal(drug, (one + more) / 1000).amountMinor >= lineTotal(drug, one / 1000).amountMinor)
      assert.equal(lineTotal(drug, packed / 1000).amountMinor, priceMinor)
    }),
  )
})

test('an order adds up: the total is lines plus tax plus shipping, whatever the lines', () => {
  const line = fc.record({ amount: fc.integer({ min: 0, max: 1_000_000 }), taxClass: fc.constantFrom('PRESCRIPTION' as const, 'OVER_THE_COUNTER' as const), state: fc.constantFrom('CA', 'TX', 'IL', 'OR') })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (lines) => {
      const priced = lines.map(({ amount, taxClass, state }) => ({ total: money(amount), tax: lineTax(money(amount), taxClass, state, '2026-11-22') }))
      const { subtotal, tax, shipping, total } = totalsOf(priced, '2026-11-22')
      assert.equal(total.amountMinor, subtotal.amountMinor + tax.amountMinor + shipping.amountMinor)
      assert.equal(subtotal.amountMinor, lines.reduce((sum, { amount }) => sum + amount, 0))
      assert.ok(tax.amountMinor <= subtotal.amountMinor)
    }),
  )
})

test('prescriptions are untaxed, over-the-counter drugs taxed by the destination state, and every rate names its source', () => {
  assert.equal(lineTax(money(10_000), 'PRESCRIPTION', 'CA', '2026-11-22').amountMinor, 0)
  assert.equal(lineTax(money(10_000), 'OVER_THE_COUNTER', 'CA', '2026-11-22').amountMinor, 725)
  assert.equal(lineTax(money(10_000), 'OVER_THE_COUNTER', 'TX', '2026-11-22').amountMinor, 0)
  for (const { source, from } of [...taxRows, ...shippingRows]) assert.ok(source.length > 5 && /^\d{4}-\d\d-\d\d$/.test(from))
  assert.equal(new Set(taxRows.map(({ state }) => state)).size, 51)
})

test('a rate is the one in force on the day', () => {
  assert.equal(taxRateFor('OVER_THE_COUNTER', 'NM', '2023-06-30').ratePpm, 50_000)
  assert.equal(taxRateFor('OVER_THE_COUNTER', 'NM', '2023-07-01').ratePpm, 48_750)
  assert.match(taxRateFor('OVER_THE_COUNTER', 'PR', '2026-11-22').source, /house policy/)
})

test('shipping is free above 35 dollars, not at 35', () => {
  assert.equal(shippingFor(money(3500), '2026-11-22').amountMinor, 599)
  assert.equal(shippingFor(money(3501), '2026-11-22').amountMinor, 0)
})

/** A number of `length` digits that passes Luhn. */
const luhn = fc.tuple(fc.integer({ min: 13, max: 19 }), fc.infiniteStream(fc.integer({ min: 0, max: 9 }))).map(([length, stream]) => {
  const body = [...stream.take(length - 1)].join('')
  return Array.from({ length: 10 }, (_, last) => `${body}${last}`).find(passesLuhn)!
})
const refused = (input: unknown): boolean => {
  try {
    refuseCardData(input)
    return false
  } catch (error) {
    assert.ok(!String((error as Error).message).match(/\d{6}/), 'the refusal must not repeat the number')
    return true
  }
}

test('a card number is refused in any field, plain or grouped, alone or in a sentence', () => {
  fc.assert(
    fc.property(luhn, fc.constantFrom('', ' ', '-'), (digits, gap) => {
      const written = digits.replaceAll(/(.{4})(?=.)/g, `$1${gap}`)
      assert.ok(refused({ reason: written }))
      assert.ok(refused({ nested: [{ deep: `my card is ${written}, thanks` }] }))
    }),
  )
  assert.ok(refused({ paymentMethodId: '4242424242424242' }))
})

test('other input goes through: ids, numbers that fail Luhn, long runs of digits, short ones', () => {
  for (const text of ['4242424242424241', '123456', 'pm_1QabcDEFghiJKLmnoPQRstu', '42424242424242424242424242', '2026-11-22T08:00:00Z']) assert.ok(!refused({ text }), text)
  fc.assert(fc.property(fc.uuid(), (id) => assert.ok(!refused({ id }))))
})
