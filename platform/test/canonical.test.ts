import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { canonicalHash, canonicalJson } from '@pharmagraph/platform'

test('canonical JSON is that of RFC 8785: members in code unit order, numbers and strings as ECMAScript writes them', () => {
  // the example of section 3.2.2 and the sorting example of 3.2.3
  const example = { numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/', literals: [null, true, false] }
  assert.equal(canonicalJson(example), String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`)
  const unsorted = { '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One', '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis' }
  assert.deepEqual([...canonicalJson(unsorted).matchAll(/:"([^"]*)"/g)].map(([, value]) => value), [
    'Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh',
  ])
  assert.equal(canonicalJson({ b: undefined, a: -0 }), '{"a":0}')
  for (const unwritable of [{ a: Number.NaN }, { a: Infinity }, 'half \ud83d', undefined]) assert.throws(() => canonicalJson(unwritable), { code: 'INVALID_INPUT' })
})

test('canonical JSON is one text for one value', () => {
  assert.equal(canonicalJson({ b: 1, a: [null, 'é\u0001"', 1e21, -0, 0.1], '\u20ac': true, undefined: undefined, '1': {} }), '{"1":{},"a":[null,"é\\u0001\\"",1e+21,0,0.1],"b":1,"€":true}')
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value)
    assert.equal(canonicalJson(JSON.parse(text)), text)
  }))
  fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (object) => {
    assert.equal(canonicalHash(Object.fromEntries(Object.entries(object).reverse())), canonicalHash(object))
  }))
})
