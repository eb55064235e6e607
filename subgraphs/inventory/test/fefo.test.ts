import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays } from '@pharmagraph/platform'
import fc from 'fast-check'
import { allot, pickLots, type Need, type Shelf } from '../src/fefo.ts'

const rules = { maxLots: 3, singleLotWindowDays: 90 }
const day = (days: number): string => addDays('2027-01-01', days)
const shelf = (lotId: string, expires: number, free: number, locationId = 'here', drugId = 'drug'): Shelf => ({ lotId, drugId, locationId, expiryDate: day(expires), free })
const need = (orderLineId: string, quantity: number, keepsUntil = 0, drugId = 'drug'): Need => ({ orderLineId, drugId, quantity, keepsUntil: day(keepsUntil) })

test('the oldest lot that covers the line gives all of it', () => {
  assert.deepEqual(pickLots(30, [shelf('a', 10, 40), shelf('b', 20, 90)], rules), [{ lotId: 'a', quantity: 30 }])
})

test('one somewhat later lot is better than two labels; a much later one is not', () => {
  assert.deepEqual(pickLots(30, [shelf('a', 10, 20), shelf('b', 100, 90)], rules), [{ lotId: 'b', quantity: 30 }])
  assert.deepEqual(pickLots(30, [shelf('a', 10, 20), shelf('b', 101, 90)], rules), [{ lotId: 'a', quantity: 20 }, { lotId: 'b', quantity: 10 }])
})

test('a line is split over three lots at most, and a crumb is passed over where it would make a fourth necessary', () => {
  const shelves = [shelf('a', 10, 1), shelf('b', 20, 10), shelf('c', 30, 10), shelf('d', 40, 10)]
  assert.deepEqual(pickLots(21, shelves, rules)?.map(({ lotId }) => lotId), ['a', 'b', 'c'])
  assert.deepEqual(pickLots(30, shelves, rules)?.map(({ lotId }) => lotId), ['b', 'c', 'd'])
  assert.equal(pickLots(31, shelves, rules), undefined)
})

test('one location packs the whole order if one can, and of several the one with the oldest stock', () => {
  const shelves = [shelf('a', 10, 50, 'there', 'x'), shelf('b', 20, 50, 'here', 'x'), shelf('c', 30, 50, 'here', 'y')]
  const both = [need('1', 10, 0, 'x'), need('2', 10, 0, 'y')]
  assert.deepEqual([...allot(both, shelves, rules).picks!.values()].flat().map(({ lotId }) => lotId), ['b', 'c'])
  assert.deepEqual([...allot([need('1', 10, 0, 'x')], shelves, rules).picks!.values()].flat().map(({ lotId }) => lotId), ['a'])
})

test('where no location has it all, each line still comes from one location', () => {
  const shelves = [shelf('a', 10, 10, 'there', 'x'), shelf('b', 20, 25, 'here', 'x'), shelf('c', 30, 50, 'there', 'y')]
  const { picks } = allot([need('1', 20, 0, 'x'), need('2', 10, 0, 'y')], shelves, rules)
  assert.deepEqual([...picks!].map(([line, picked]) => [line, picked.map(({ lotId }) => lotId)]), [['1', ['b']], ['2', ['c']]])
})

test('two lines of one drug do not get the same units, and the second is told what the first left', () => {
  const { short } = allot([need('1', 30), need('2', 30)], [shelf('a', 10, 50)], rules)
  assert.deepEqual(short, [{ orderLineId: '2', drugId: 'drug', requested: 30, available: 20 }])
})

test('whatever is on the shelves, an allotment is whole, in date, within each lot, within three lots and one location a line; a refusal is true', () => {
  const shelves = fc.array(fc.record({ expires: fc.nat(300), free: fc.integer({ min: 1, max: 60 }), location: fc.constantFrom('here', 'there'), drug: fc.constantFrom('x', 'y') }), { maxLength: 8 })
    .map((rows) => rows.map(({ expires, free, location, drug }, i) => shelf(`lot${i}`, expires, free, location, drug)).sort((a, b) => a.expiryDate.localeCompare(b.expiryDate)))
  const needs = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 90 }), keepsUntil: fc.nat(200), drug: fc.constantFrom('x', 'y') }), { minLength: 1, maxLength: 3 })
    .map((rows) => rows.map(({ quantity, keepsUntil, drug }, i) => need(`line${i}`, quantity, keepsUntil, drug)))
  fc.assert(
    fc.property(shelves, needs, (stock, lines) => {
      const { picks, short } = allot(lines, stock, rules)
      if (short) {
        for (const { requested, available } of short) assert.ok(available < requested)
        return
      }
      const given = new Map<string, number>()
      for (const line of lines) {
        const picked = picks!.get(line.orderLineId)!
        const from = picked.map(({ lotId }) => stock.find((lot) => lot.lotId === lotId)!)
        assert.equal(picked.reduce((total, { quantity }) => total + quantity, 0), line.quantity)
        assert.ok(picked.length <= 3 && new Set(from.map(({ locationId }) => locationId)).size === 1)
        assert.ok(from.every((lot) => lot.drugId === line.drugId && lot.expiryDate >= line.keepsUntil))
        for (const { lotId, quantity } of picked) given.set(lotId, (given.get(lotId) ?? 0) + quantity)
      }
      for (const [lotId, quantity] of given) assert.ok(quantity <= stock.find((lot) => lot.lotId === lotId)!.free)
    }),
    { numRuns: 500 },
  )
})
