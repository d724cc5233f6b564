// @ts-check
/**
 * One author's edit, as text-merge.js sees it: where the text was changed,
 * widened to whole words. The twin of protocol/text_side.h.
 *
 * A *hunk* is what the delta changes in one place: base from .. to became at ..
 * end of the author's text. A *region* is one hunk or more, widened until both
 * its edges may be cut in base and in the author's text. Regions are in order
 * and do not overlap; they may touch.
 *
 * @typedef {import('./text-walk.js').Delta} Delta
 * @typedef {import('./text-word.js').Glyphs} Glyphs
 * @typedef {{ from: number, to: number, at: number, end: number }} Hunk
 * @typedef {Hunk & { first: number, last: number }} Region  of the hunks
 *   first .. last - 1
 * @typedef {{ text: Glyphs, hunks: Hunk[], regions: Region[] }} Side
 */
import { chars } from './text-walk.js'
import { glued, glyphs } from './text-word.js'

/** The steps between two keeps make one hunk. @param {Delta} delta */
function readHunks(delta) {
  /** @type {Hunk[]} */
  const hunks = []
  /** @type {Hunk | null} */
  let open = null
  let from = 0
  let at = 0
  for (const step of delta) {
    if (typeof step === 'number' && step > 0) {
      open = null
      from += step
      at += step
      continue
    }
    if (!open) hunks.push((open = { from, to: from, at, end: at }))
    if (typeof step === 'string') at = open.end += chars(step)
    else from = open.to -= step
  }
  return hunks
}

/**
 * Never passes the region before, whose right edge may be cut, nor the start.
 * @param {Glyphs} base @param {Glyphs} text @param {Region} r
 */
function widenLeft(base, text, r) {
  while (glued(base, r.from) || glued(text, r.at)) {
    r.from--
    r.at--
  }
}

/**
 * Takes in the hunks that it meets. Past the end all is cut.
 * @param {Glyphs} base @param {Side} side @param {Region} r
 */
function widenRight(base, side, r) {
  const { hunks, text } = side
  while (glued(base, r.to) || glued(text, r.end)) {
    if (r.last < hunks.length && hunks[r.last].from === r.to) {
      r.to = hunks[r.last].to
      r.end = hunks[r.last].end
      r.last++
    } else {
      r.to++
      r.end++
    }
  }
}

/**
 * `text` is base with `delta` applied.
 * @param {Glyphs} base @param {string} text @param {Delta} delta
 * @returns {Side}
 */
export function side(base, text, delta) {
  /** @type {Side} */
  const s = { text: glyphs(text), hunks: readHunks(delta), regions: [] }
  for (let i = 0; i < s.hunks.length;) {
    const region = { ...s.hunks[i], first: i, last: i + 1 }
    widenLeft(base, s.text, region)
    widenRight(base, s, region)
    s.regions.push(region)
    i = region.last
  }
  return s
}

/**
 * Where base position `at` lies in the author's text, when the regions before
 * number `region` end at or before it and that one begins at or after it.
 * @param {Side} s @param {number} region @param {number} at
 */
export function place(s, region, at) {
  if (region === 0) return at
  const before = s.regions[region - 1]
  return at - before.to + before.end
}
