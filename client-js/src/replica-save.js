// @ts-check
/** A save by the person: part of replica.js. */

import {
  buildTouches,
  checkTexts,
  encodeTouches,
  joinedTouches,
} from './edits.js'
import { TidemarkError } from './fault.js'
import { append, selfOf } from './outbox.js'

/**
 * @typedef {import('./replica.js').Work} Work
 * @typedef {import('./edits.js').Wish} Wish
 */

/** Typing that joins the newest change. @param {Work} work
 * @param {readonly Wish[]} wishes @param {readonly string[]} tags
 * @returns {boolean} */
function join(work, wishes, tags) {
  const { draft, config, now } = work
  const newest = draft.pending(selfOf(draft).made)
  const touches = joinedTouches(draft, newest, wishes, config.catalog)
  if (!newest || !touches) return false
  const at = Math.max(now, newest.at)
  try {
    checkTexts(touches)
    const bytes = encodeTouches(at, touches, config.catalog)
    const all = [...newest.tags, ...tags]
    draft.put('outbox', { ...newest, at, touches, bytes, tags: all })
    return true
  } catch (error) {
    // Together they are too long for one change; apart they may not be.
    if (error instanceof TidemarkError && error.name === 'too_big') return false
    throw error
  }
}

/** @param {Work} work @param {readonly Wish[]} wishes
 * @param {string | undefined} tag @returns {number} seq */
export function save(work, wishes, tag) {
  const tags = tag === undefined ? [] : [tag]
  const { draft, config, now } = work
  if (!wishes.length) return 0
  if (join(work, wishes, tags)) return selfOf(draft).made
  const touches = buildTouches(draft, wishes, config.catalog)
  if (!touches.length) return 0
  checkTexts(touches)
  const bytes = encodeTouches(now, touches, config.catalog)
  return append(draft, { at: now, touches, bytes, tags })
}
