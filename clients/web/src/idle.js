/**
 * Automatic logoff (45 CFR 164.312(a)(2)(iii)): whoever has not touched the page for so long has perhaps left it open.
 * The clock is asked, not only a timer: a computer that slept has been left, too.
 */

/** Minutes without a touch, a key or a scroll after which the session ends: fewer at the counter than at home. */
export const idleMinutes = /** @type {Record<string, number>} */ ({ staff: 10, web: 20 })
const touches = ['pointerdown', 'keydown', 'scroll', 'touchstart']

/**
 * @param {{ addEventListener: Window['addEventListener'], removeEventListener: Window['removeEventListener'], every(ms: number, run: () => void): () => void, now(): number }} near
 * @param {number} minutes @param {() => void} leave
 * @returns {() => void} stop
 */
export function afterIdle(near, minutes, leave) {
  let touched = near.now()
  const touch = () => {
    // the first touch after too long a time comes too late
    if (near.now() - touched < minutes * 60_000) touched = near.now()
  }
  const look = () => {
    if (near.now() - touched < minutes * 60_000) return
    stop()
    leave()
  }
  const rest = near.every(5_000, look)
  for (const event of touches) near.addEventListener(event, touch, { passive: true, capture: true })
  const stop = () => {
    rest()
    for (const event of touches) near.removeEventListener(event, touch, { capture: true })
  }
  return stop
}
