import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatNdc11, formatNdc12, gtinOfNdc, isDeaNumber, isGtin, isNpi, parseGs1, parseNdc } from '../identifiers/index.ts'

test('an NDC of any ten-digit shape pads to its eleven- and twelve-digit forms', () => {
  for (const [listed, ndc11, ndc12] of [
    ['0591-0369-01', '00591-0369-01', '000591-0369-01'],
    ['50580-449-05', '50580-0449-05', '050580-0449-05'],
    ['12345-6789-1', '12345-6789-01', '012345-6789-01'],
  ] as const) {
    const ndc = parseNdc(listed)
    assert.ok(ndc?.ndc11)
    assert.equal(formatNdc11(ndc.ndc11), ndc11)
    assert.equal(formatNdc12(ndc.ndc12), ndc12)
    assert.equal(parseNdc(ndc.ndc11)?.ndc12, ndc.ndc12)
    assert.equal(parseNdc(ndc12)?.ndc12, ndc.ndc12)
  }
})

test('ten bare digits are refused as ambiguous, and so is everything that is no NDC', () => {
  for (const text of ['0591036901', '591-369-1', 'aspirin', '', '0591-0369-0A', '1234567890123']) assert.equal(parseNdc(text), undefined, text)
})

test('GTIN-14 of an NDC carries its check digit, for the single package and the case', () => {
  assert.equal(gtinOfNdc('0591-0369-01'), '00305910369019')
  assert.equal(gtinOfNdc('0591-0369-01', 3), '30305910369010')
  assert.ok(isGtin('00305910369019'))
  assert.ok(!isGtin('00305910369018'))
})

test('a package scan reads the same with parentheses and with FNC1, and day 00 is the end of the month', () => {
  const printed = parseGs1('(01)00305910369019(17)280200(10)A123(21)SER1')
  const scanned = parseGs1(']d20100305910369019172802' + '0010A123\u001d21SER1')
  assert.deepEqual(printed, { gtin: '00305910369019', expiryDate: '2028-02-29', lotNumber: 'A123', serialNumber: 'SER1' })
  assert.deepEqual(scanned, printed)
  assert.equal(parseGs1('(01)00305910369018(10)A'), undefined, 'wrong check digit')
  assert.equal(parseGs1('hello'), undefined)
})

test('NPI numbers pass by their Luhn digit only', () => {
  for (const npi of ['1234567893', '1558598797', '1245319599', '2000000010']) assert.ok(isNpi(npi), npi)
  for (const npi of ['1234567890', '3234567893', '123456789', '12345678930']) assert.ok(!isNpi(npi), npi)
})

test('DEA numbers pass by their check digit only', () => {
  for (const dea of ['AP5836727', 'AJ5184279', 'AB1234563', 'BB1388568', 'AB1234563-12']) assert.ok(isDeaNumber(dea), dea)
  for (const dea of ['AB4523763', 'AB4523767', 'ab1234563', 'A12345678']) assert.ok(!isDeaNumber(dea), dea)
})

test('one wrong digit never passes as an NPI', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }), (place, shift) => {
    const digits = [...'1234567893']
    digits[place] = String((Number(digits[place]) + shift) % 10)
    return !isNpi(digits.join(''))
  }))
})
