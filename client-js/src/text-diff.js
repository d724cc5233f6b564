// @ts-check
/**
 * A small delta by words from one text to another. The twin of
 * protocol/text_diff.c.
 * Source: Myers, An O(ND) Difference Algorithm (1986), over words; bounded, so
 * that hopeless pairs become one replacement of what differs.
 *
 * @typedef {import('./text-walk.js').Step} Step
 * @typedef {import('./text-walk.js').Pen} Pen
 * @typedef {import('./text-word.js').Glyphs} Glyphs
 *
 * A token is a word, or one space, joiner or break by itself.
 * @typedef {object} Tokens
 * @property {Glyphs} text
 * @property {number[]} starts  code points; one more for the end
 * @property {number[]} ids  equal for equal tokens
 *
 * What differs: tokens a .. aEnd of the old became b .. bEnd of the new.
 * @typedef {{ a: number, aEnd: number, b: number, bEnd: number }} Hunk
 */
import { drop, finish, insert, keep, startPen } from './text-walk.js'
import { glued, glyphs, hasLetter, slice } from './text-word.js'

/** Above this many changed tokens two texts have little in common. */
const EDITS_MAX = 512

/** @param {string} s @param {Map<string, number>} known @returns {Tokens} */
function tokens(s, known) {
  const text = glyphs(s)
  const starts = []
  const ids = []
  for (let at = 0; at < text.count;) {
    let end = at + 1
    while (end < text.count && glued(text, end)) end++
    const token = slice(text, at, end)
    const id = known.get(token) ?? known.size
    known.set(token, id)
    starts.push(at)
    ids.push(id)
    at = end
  }
  starts.push(text.count)
  return { text, starts, ids }
}

/** Tokens that both begin with. @param {number[]} a @param {number[]} b */
function commonStart(a, b) {
  let n = 0
  while (n < a.length && n < b.length && a[n] === b[n]) n++
  return n
}

/** Tokens that both end with. @param {number[]} a @param {number[]} b */
function commonEnd(a, b) {
  let n = 0
  while (n < a.length && n < b.length && a.at(-1 - n) === b.at(-1 - n)) n++
  return n
}

/**
 * Does place i of the row after `row` come by an insert (from the diagonal
 * above) or by a drop?
 * @param {Int32Array} row @param {number} i
 */
const byInsert = (row, i) => i === 0 || (i < row.length && row[i - 1] < row[i])

/**
 * Myers: rows[d][i] is how far into a d changes reach on the diagonal
 * k = 2i - d. Null when they are too many.
 * @param {number[]} a @param {number[]} b @returns {Int32Array[] | null}
 */
function search(a, b) {
  /** @type {Int32Array[]} */
  const rows = []
  for (let d = 0; d <= EDITS_MAX; d++) {
    const row = new Int32Array(d + 1)
    const before = rows[d - 1]
    rows.push(row)
    for (let i = 0; i <= d; i++) {
      const k = 2 * i - d
      let x = 0
      if (before) x = byInsert(before, i) ? before[i] : before[i - 1] + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      row[i] = x
      if (x >= a.length && x - k >= b.length) return rows
    }
  }
  return null
}

/**
 * Walk the rows back from the end. The hunks come in order from the end.
 * @param {Int32Array[]} rows @param {number} diagonal
 */
function traceBack(rows, diagonal) {
  /** @type {Hunk[]} */
  const hunks = []
  let k = diagonal
  for (let d = rows.length - 1; d > 0; d--) {
    const before = rows[d - 1]
    const i = (k + d) / 2
    const inserts = byInsert(before, i)
    const a = inserts ? before[i] : before[i - 1]
    k += inserts ? 1 : -1
    const b = a - k
    const h = { a, aEnd: inserts ? a : a + 1, b, bEnd: inserts ? b + 1 : b }
    const last = hunks[hunks.length - 1]
    if (last && last.a === h.aEnd && last.b === h.bEnd) {
      last.a = h.a
      last.b = h.b
    } else {
      hunks.push(h)
    }
  }
  return hunks
}

/** @param {number[]} a @param {number[]} b @returns {Hunk[]} from the end */
function findHunks(a, b) {
  const whole = [{ a: 0, aEnd: a.length, b: 0, bEnd: b.length }]
  if (!a.length && !b.length) return []
  if (!a.length || !b.length) return whole
  const rows = search(a, b)
  return rows ? traceBack(rows, a.length - b.length) : whole
}

/** @param {Hunk} h */
const replaces = (h) => h.a < h.aEnd && h.b < h.bEnd

/**
 * Neighbouring words that were reworded are one rewording, with the space
 * between them. Takes the hunks from the end, gives them from the start.
 * @param {Tokens} from @param {number} start @param {Hunk[]} hunks
 */
function joinHunks(from, start, hunks) {
  /** @type {Hunk[]} */
  const joined = []
  for (const h of hunks.reverse()) {
    const last = joined[joined.length - 1]
    const wordless =
      last &&
      !hasLetter(
        from.text,
        from.starts[start + last.aEnd],
        from.starts[start + h.a],
      )
    if (wordless && replaces(last) && replaces(h)) {
      last.aEnd = h.aEnd
      last.bEnd = h.bEnd
    } else {
      joined.push(h)
    }
  }
  return joined
}

/**
 * @param {string} from @param {string} to @returns {Step[]}
 */
export function diff(from, to) {
  if (from === to) return []
  /** @type {Map<string, number>} */
  const known = new Map()
  const old = tokens(from, known)
  const now = tokens(to, known)
  const start = commonStart(old.ids, now.ids)
  const a = old.ids.slice(start)
  const b = now.ids.slice(start)
  const end = commonEnd(a, b)
  const found = findHunks(
    a.slice(0, a.length - end),
    b.slice(0, b.length - end),
  )
  const pen = startPen()
  let done = 0
  for (const h of joinHunks(old, start, found)) {
    const [at, stop] = [old.starts[start + h.a], old.starts[start + h.aEnd]]
    keep(pen, at - done)
    const [b0, b1] = [now.starts[start + h.b], now.starts[start + h.bEnd]]
    insert(pen, slice(now.text, b0, b1))
    drop(pen, stop - at)
    done = stop
  }
  return finish(pen)
}
