import { h, show } from '../dom.js'
import { money, refusal, words } from '../words.js'

/** Search as one types; open to everybody. @param {import('../main.js').App} app */
export async function drugsPage({ graph }) {
  const results = h('ul', { class: 'list' })
  let asked = 0
  const search = async (/** @type {string} */ text) => {
    const mine = ++asked
    const { drugs } = await graph.run('SearchDrugs', { search: text || null, first: 20 })
    // answers may overtake each other
    if (mine !== asked) return
    show(results, drugs.nodes.length ? drugs.nodes.map(row) : h('li', { class: 'quiet' }, 'Nothing found.'))
  }
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let later
  const typed = (/** @type {Event} */ { target }) => {
    clearTimeout(later)
    later = setTimeout(() => void search(/** @type {HTMLInputElement} */ (target).value), 150)
  }
  await search('')
  return {
    title: 'Medicines',
    body: h('div', null, h('input', { type: 'search', 'aria-label': 'Name, ingredient or NDC', placeholder: 'Name, ingredient or NDC', oninput: typed }), results),
  }
}

/** @param {any} drug */
const row = (drug) => h('li', { class: 'card' },
  h('div', { class: 'row' }, h('a', { href: `#/drug/${drug.id}` }, drug.name, ' ', drug.strength), h('span', null, money(drug.price?.perPackage))),
  h('p', { class: 'quiet' }, [drug.genericName, drug.dosageForm, drug.rxOnly ? 'prescription only' : 'over the counter', drug.deaSchedule !== 'NONE' && words(drug.deaSchedule), drug.availability && words(drug.availability.status)].filter(Boolean).join(' · ')))

/** One medicine, and whether it goes together with others. @param {import('../main.js').App} app @param {string} id */
export async function drugPage({ graph, session, say, go }, id) {
  const { drug } = await graph.run('DrugPage', { id })
  if (!drug) return { title: 'There is no such medicine', body: h('p', null, h('a', { href: '#/drugs' }, 'Search medicines')) }
  const order = async () => {
    const { addToCart } = await graph.run('AddToCart', { input: { drugId: id, packages: 1 } })
    if (addToCart.__typename !== 'CartPayload') return say(refusal(addToCart), 'bad')
    go('/cart')
  }
  const facts = [['Active ingredients', drug.activeIngredients.map((/** @type {any} */ { name, strength }) => `${name} ${strength ?? ''}`).join(', ')], ['Form', `${drug.dosageForm}, ${drug.route}`],
    ['Package', drug.packageDescription], ['Manufacturer', drug.manufacturer], ['NDC', drug.ndc], ['Storage', words(drug.storageClass)], ['Availability', drug.availability && words(drug.availability.status)],
    ['Side effects', drug.sideEffects?.join(', ')]]
  return {
    title: `${drug.name} ${drug.strength}`,
    body: h('div', { class: 'columns' },
      h('section', { class: 'card' }, h('p', null, drug.description), h('dl', null, facts.filter(([, value]) => value).map(([name, value]) => [h('dt', null, name), h('dd', null, value)])),
        h('div', { class: 'row' }, h('strong', null, money(drug.price?.perPackage)),
          drug.rxOnly ? h('span', { class: 'quiet' }, 'Needs a prescription') : session.client === 'web' && h('button', { onclick: order }, 'Add to cart'))),
      h('section', null, h('h2', null, 'Interactions'), h('ul', { class: 'list' }, drug.interactions.length
        ? drug.interactions.map((/** @type {any} */ { a, b, severity, patientText }) => h('li', { class: 'card' }, h('div', { class: 'row' }, h('strong', null, `${a} and ${b}`), h('span', { class: `tag ${severity.toLowerCase()}` }, words(severity))), h('p', null, patientText)))
        : h('li', { class: 'quiet' }, 'None known.')))),
  }
}
