// @ts-check
/**
 * What the status pill says about the link and what is waiting. Being offline
 * is the normal state of a school visit, so it never reads as a fault; only
 * words that could not be kept do. “All work sent” is said when it is true:
 * nothing waits, and the trust has confirmed that this device is up to date.
 *
 * @typedef {{ tone: 'ring' | 'full' | 'busy' | 'done' | 'alarm', words: string }} LinkWords
 */
import { count } from './format.js'

/** @param {any} status @param {number} items pieces of work that wait
 *  @param {boolean} kept false: something on the screen is not saved
 *  @returns {LinkWords} */
export function linkWords(status, items, kept = true, place = 'tablet') {
  if (!kept) return { tone: 'alarm', words: 'Not saved' }
  const safe = items
    ? `${count(items, 'item')} safe on this ${place}`
    : `saved on this ${place}`
  if (status.link === 'portal') {
    return { tone: 'ring', words: `This Wi-Fi wants a sign-in. ${upper(safe)}` }
  }
  if (status.link !== 'online') {
    return { tone: 'ring', words: `Offline. ${upper(safe)}` }
  }
  if (status.pending > 0) {
    return {
      tone: 'busy',
      words: `Sending ${count(items || status.pending, 'item')}`,
    }
  }
  if (!status.upToDate) return { tone: 'busy', words: 'Fetching what is new' }
  return { tone: 'done', words: 'All work sent' }
}

/** @param {string} words */
const upper = (words) => words.charAt(0).toUpperCase() + words.slice(1)

/** The pieces of work that wait, each once, oldest first. @param {any} tm
 *  @returns {{ id: string, at: number, sending: boolean }[]} */
export function waitingItems(tm) {
  /** @type {Map<string, { id: string, at: number, sending: boolean }>} */
  const items = new Map()
  for (const { at, records, sending } of tm.waiting()) {
    for (const id of records) {
      const before = items.get(id)
      items.set(id, {
        id,
        at: before?.at ?? at,
        sending: sending || Boolean(before?.sending),
      })
    }
  }
  return [...items.values()]
}
