import { form, h, labelled } from '../dom.js'
import { money, refusal } from '../words.js'

/** Test cards of the payment sandbox. With a real payment service its own element gives the payment method. */
const testCards = [['pm_card_visa', 'Visa, approved'], ['pm_card_chargeDeclined', 'Declined'], ['pm_card_authenticationRequired', 'Asks for confirmation (3-D Secure)']]

/** @param {import('../main.js').App} app */
export async function cartPage(app) {
  const { graph, say, go } = app
  const [{ cart }, { me }] = await Promise.all([graph.run('Cart'), graph.run('Me')])
  if (!cart?.lines.length) return { title: 'Cart', body: h('p', { class: 'quiet' }, 'The cart is empty. ', h('a', { href: '#/drugs' }, 'Search medicines')) }
  const remove = async (/** @type {string} */ lineId) => {
    await graph.run('RemoveFromCart', { input: { lineId } })
    go('/cart')
  }
  // one key for this cart as it is: a second tap on the button finds the first order
  const idempotencyKey = crypto.randomUUID()
  const order = async (/** @type {Record<string, string>} */ { addressId, paymentMethodId }) => {
    const { checkout } = await graph.run('Checkout', { input: { cartId: cart.id, addressId, paymentMethodId, idempotencyKey } })
    if (checkout.__typename !== 'OrderPayload') return say(refusal(checkout), 'bad')
    go(`/order/${checkout.order.id}`)
  }
  const addAddress = async (/** @type {Record<string, string>} */ fields) => {
    const { addAddress: answer } = await graph.run('AddAddress', { input: fields })
    if (answer.__typename !== 'AddressPayload') return say(refusal(answer), 'bad')
    go('/cart')
  }
  const text = (/** @type {string} */ name, /** @type {string} */ label, /** @type {Record<string, string>} */ more = {}) => labelled(label, h('input', { name, required: true, ...more }))
  return {
    title: 'Cart',
    body: h('div', { class: 'columns' },
      h('section', null, h('ul', { class: 'list' }, cart.lines.map((/** @type {any} */ line) => h('li', { class: 'card' },
        h('div', { class: 'row' }, h('strong', null, line.drug?.name ?? 'Medicine', ' ', line.drug?.strength ?? ''), h('span', null, money(line.lineTotal))),
        line.problem && h('p', { class: 'bad' }, line.problem.message),
        h('div', { class: 'row' }, h('span', { class: 'quiet' }, `${line.quantity} units${line.prescription ? ` · prescription ${line.prescription.number}` : ''}`), h('button', { class: 'quiet', onclick: () => remove(line.id) }, 'Remove'))))),
      h('p', { class: 'row' }, h('span', null, 'Together'), h('strong', null, money(cart.subtotal)))),
      h('section', null,
        me?.addresses?.length
          ? form({ class: 'card' }, order,
            labelled('Deliver to', h('select', { name: 'addressId' }, me.addresses.map((/** @type {any} */ { id, recipient, line1, city }) => h('option', { value: id }, `${recipient}, ${line1}, ${city}`)))),
            labelled('Pay with (test cards)', h('select', { name: 'paymentMethodId' }, testCards.map(([id, label]) => h('option', { value: id }, label)))),
            h('p', { class: 'quiet' }, 'Your card is charged when the pharmacist has released the order, not before.'), h('button', null, 'Order'))
          : form({ class: 'card' }, addAddress, h('h2', null, 'Where to?'), text('recipient', 'Name'), text('line1', 'Street', { autocomplete: 'address-line1' }), text('city', 'City'),
            text('state', 'State', { maxlength: '2' }), text('postalCode', 'ZIP'), h('button', null, 'Save address')))),
  }
}
