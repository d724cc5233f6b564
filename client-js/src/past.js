// @ts-check
/**
 * A record's text as it was, out of its history (tm.history), and what changed
 * between two of them.
 */

import { diff } from './text.js'

/**
 * @typedef {import('./index.js').HistoryEntry} HistoryEntry
 * @typedef {{ kind: 'same' | 'gone' | 'new', text: string }} Part
 */

/**
 * What a field showed when the store stood at `version`; undefined when it was
 * empty, or when the history does not go back so far.
 * @param {readonly HistoryEntry[]} entries  of tm.history(), in any order
 * @param {string} field @param {number} version @returns {any}
 */
export function valueAt(entries, field, version) {
  const shown = entries.filter(
    (entry) =>
      entry.field === field &&
      entry.version <= version &&
      (entry.outcome === 'applied' || entry.outcome === 'merged'),
  )
  if (!shown.length) return undefined
  return shown.reduce((a, b) => (b.version > a.version ? b : a)).value
}

/** The same for a long text; '' when it was empty.
 * @param {readonly HistoryEntry[]} entries @param {string} field
 * @param {number} version @returns {string} */
export const textAt = (entries, field, version) =>
  valueAt(entries, field, version) ?? ''

/**
 * By words, from the start: what stayed, what went, what came.
 * @param {string} before @param {string} after @returns {Part[]}
 */
export function textChanges(before, after) {
  const chars = Array.from(before)
  /** @type {Part[]} */
  const parts = []
  let at = 0
  /** @param {number} n */
  const take = (n) => chars.slice(at, (at += n)).join('')
  for (const step of diff(before, after)) {
    if (typeof step === 'string') parts.push({ kind: 'new', text: step })
    else if (step > 0) parts.push({ kind: 'same', text: take(step) })
    else parts.push({ kind: 'gone', text: take(-step) })
  }
  if (at < chars.length) parts.push({ kind: 'same', text: take(chars.length) })
  return parts
}
