// @ts-check
/**
 * Words that were typed a moment before the page goes. A save needs the page
 * for some milliseconds more, which a page that is reloaded or closed has not
 * got; localStorage is written at once. The app's next start, which after a
 * reload is now, puts the words where they were typed and saves them.
 *
 * @typedef {object} Spilled
 * @property {string} id      of the record
 * @property {string} field
 * @property {'text' | 'string'} kind
 * @property {string} base    what the field said when it was last in step
 * @property {string} text    what stands in the box
 */
import { span } from './diff.js'
import { rebase } from './rebase.js'

/** @param {string} face */
const keyOf = (face) => `tidemark-${face}-unsaved`

/** @param {string} face @returns {Spilled[]} */
function read(face) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(face)) ?? '[]')
  } catch {
    return []
  }
}

/** Adds to what another tab may have left. @param {string} face
 *  @param {Spilled[]} words */
export function spill(face, words) {
  if (words.length === 0) return
  try {
    const all = JSON.stringify([...read(face), ...words])
    localStorage.setItem(keyOf(face), all)
  } catch {
    // No storage at all: then nothing could be saved, which has been said.
  }
}

/** @param {string} face @returns {Spilled[]} */
export function takeSpilled(face) {
  const words = read(face)
  try {
    localStorage.removeItem(keyOf(face))
  } catch {
    // As above.
  }
  return words
}

/** What the box should say, if that is not what the field says: the save may
 *  have been made after all. @param {Spilled} spilled @param {string} shown */
export function restored({ base, text }, shown) {
  if (shown === text) return undefined
  if (shown === base) return text
  const { insert = '' } = span(base, text) ?? {}
  return shown.includes(insert) ? undefined : rebase(base, text, shown).text
}
