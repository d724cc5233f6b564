// @ts-check
/**
 * Other people's words arrive while somebody is typing in the same text box.
 *
 *     base    what the box showed when it was last in step
 *     typed   what stands in the box now: base and what the person typed
 *     theirs  what the record says now: base and what others wrote
 *
 * rebase() answers the text in which both stand, and where the caret belongs.
 * What the person typed is never lost: where both changed the same words, both
 * wordings stand, theirs first, and the caret stays in the person's own.
 *
 * @typedef {import('./diff.js').Hunk} Hunk
 * @typedef {readonly [number, number]} Selection
 */
import { hunks, span } from './diff.js'

/** Two stretches of the base meet when they overlap or touch.
 *  @param {Hunk} a @param {Hunk} b */
const meet = (a, b) =>
  a.from === a.to && b.from === b.to
    ? a.from === b.from
    : a.from < b.to && b.from < a.to

/** A place in `typed` as a place in the base, for what lies outside my hunk.
 *  @param {number} at @param {Hunk[]} made @param {boolean} stick */
function carried(at, made, stick) {
  let shift = 0
  for (const { from, to, insert } of made) {
    if (at < from || (at === from && !stick)) break
    if (at >= to) shift += insert.length - (to - from)
    else return from + shift + insert.length
  }
  return at + shift
}

/**
 * @param {string} base @param {string} typed @param {string} theirs
 * @param {Selection} selection in `typed`
 * @returns {{ text: string, selection: Selection }}
 */
export function rebase(base, typed, theirs, selection = [0, 0]) {
  const mine = span(base, typed)
  const other = hunks(base, theirs)
  if (!mine || typed === theirs) {
    const moved = (/** @type {number} */ at) =>
      Math.min(mine ? at : carried(at, other, false), theirs.length)
    return {
      text: theirs,
      selection: [moved(selection[0]), moved(selection[1])],
    }
  }
  const met = other.filter((hunk) => meet(hunk, mine))
  if (met.length === 0) return apart(typed, mine, other, selection)
  return together(base, typed, theirs, mine, other, met, selection)
}

/** Both changed different places. @param {string} typed @param {Hunk} mine
 *  @param {Hunk[]} other @param {Selection} selection */
function apart(typed, mine, other, selection) {
  const grown = mine.insert.length - (mine.to - mine.from)
  // Their hunks as places in what stands in the box.
  const placed = other.map((hunk) =>
    hunk.from >= mine.to
      ? { ...hunk, from: hunk.from + grown, to: hunk.to + grown }
      : hunk,
  )
  let text = typed
  for (const { from, to, insert } of [...placed].reverse()) {
    text = text.slice(0, from) + insert + text.slice(to)
  }
  return {
    text,
    selection: /** @type {const} */ ([
      carried(selection[0], placed, false),
      carried(selection[1], placed, false),
    ]),
  }
}

/** Both changed the same words: both wordings stand, theirs first.
 *  @param {string} base @param {string} typed @param {string} theirs
 *  @param {Hunk} mine @param {Hunk[]} other @param {Hunk[]} met
 *  @param {Selection} selection */
function together(base, typed, theirs, mine, other, met, selection) {
  const from = Math.min(mine.from, met[0].from)
  const to = Math.max(mine.to, met[met.length - 1].to)
  const before = other.filter((hunk) => hunk.to <= from && !met.includes(hunk))
  const shift = before.reduce(
    (sum, hunk) => sum + hunk.insert.length - (hunk.to - hunk.from),
    0,
  )
  const after = other.filter((hunk) => hunk.from >= to && !met.includes(hunk))
  const tail = after.reduce(
    (sum, hunk) => sum + hunk.insert.length - (hunk.to - hunk.from),
    0,
  )
  const theirEnd = theirs.length - (base.length - to) - tail
  const own = typed.slice(from, typed.length - (base.length - to))
  const left = theirs.slice(0, theirEnd)
  const gap = left && own && !/\s$/.test(left) && !/^\s/.test(own) ? ' ' : ''
  const text = left + gap + own + theirs.slice(theirEnd)
  const moved = (/** @type {number} */ at) => {
    if (at < from) return Math.min(at + shift, theirEnd)
    return Math.min(theirEnd + gap.length + (at - from), text.length)
  }
  return { text, selection: [moved(selection[0]), moved(selection[1])] }
}
