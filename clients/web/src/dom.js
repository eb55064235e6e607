/** Builds elements. Text is always text: nothing that comes from the graph is ever read as markup. */

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */
/** @typedef {Record<string, string | number | boolean | undefined | ((event: any) => unknown)>} Properties */

/**
 * `h('button', { class: 'quiet', onclick: save }, 'Save')`: functions become listeners, `true` an empty attribute.
 * @param {string} tag @param {Properties | null} [properties] @param {Child[]} children
 * @returns {HTMLElement}
 */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...nodes(children))
  return element
}

/** @param {Child[]} children @returns {(Node | string)[]} */
const nodes = (children) => children.flat(9).flatMap((child) => (child === null || child === undefined || child === false ? [] : [child instanceof Node ? child : String(child)]))

/** Shows other children, without taking the focus from where it is. @param {Element} parent @param {Child[]} children */
export const show = (parent, ...children) => parent.replaceChildren(...nodes(children))

/** A form that answers with its fields and is closed while it works. @param {Properties} properties @param {(fields: Record<string, string>) => Promise<unknown>} submit @param {Child[]} children */
export function form(properties, submit, ...children) {
  const element = /** @type {HTMLFormElement} */ (h('form', {
    ...properties,
    async onsubmit(/** @type {Event} */ event) {
      event.preventDefault()
      const buttons = [...element.querySelectorAll('button')]
      for (const button of buttons) button.disabled = true
      try {
        await submit(Object.fromEntries([...new FormData(element)].map(([name, value]) => [name, String(value)])))
      } finally {
        for (const button of buttons) button.disabled = false
      }
    },
  }, ...children))
  return element
}

/** @param {string} label @param {HTMLElement} control */
export const labelled = (label, control) => h('label', null, h('span', null, label), control)
