// @ts-check
/**
 * What changed between two texts, by words: for the history in the console,
 * and for keeping a person's typing when other words arrive.
 *
 * A text is cut into words, each with the white space before it left as a
 * token of its own; the longest common run of tokens is found by Myers'
 * algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986).
 *
 * @typedef {{ from: number, to: number, insert: string }} Hunk
 *   the UTF-16 units from … to of the old text became `insert`
 * @typedef {{ kind: 'same' | 'gone' | 'new', text: string }} Part
 */

// Beyond this many differences two texts have little in common: one hunk.
const EDITS_MAX = 800

/** @param {string} text @returns {string[]} */
const tokens = (text) => text.match(/\s+|[\p{L}\p{N}\p{M}'’_-]+|[^\s]/gu) ?? []

/**
 * Which tokens of a and b are paired, as [index in a, index in b], ascending.
 * null when they differ in too much.
 * @param {string[]} a @param {string[]} b
 */
function pairs(a, b) {
  const most = Math.min(a.length + b.length, EDITS_MAX)
  const offset = most + 1
  let far = new Int32Array(2 * most + 3)
  /** @type {Int32Array[]} */ const trace = []
  for (let d = 0; d <= most; d++) {
    trace.push(far.slice())
    for (let k = -d; k <= d; k += 2) {
      const down =
        k === -d || (k !== d && far[offset + k - 1] < far[offset + k + 1])
      let x = down ? far[offset + k + 1] : far[offset + k - 1] + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      far[offset + k] = x
      if (x >= a.length && x - k >= b.length) {
        return walkBack(trace, offset, a.length, b.length)
      }
    }
  }
  return null
}

/** @param {Int32Array[]} trace @param {number} offset
 *  @param {number} x @param {number} y */
function walkBack(trace, offset, x, y) {
  /** @type {[number, number][]} */ const out = []
  for (let d = trace.length - 1; d >= 0; d--) {
    const far = trace[d]
    const k = x - y
    const down =
      k === -d || (k !== d && far[offset + k - 1] < far[offset + k + 1])
    const before = down ? k + 1 : k - 1
    const x0 = d === 0 ? 0 : far[offset + before]
    const y0 = d === 0 ? 0 : x0 - before
    while (x > x0 && y > y0) out.push([--x, --y])
    x = x0
    y = y0
  }
  return out.reverse()
}

/** @param {string} a @param {string} b */
function sharedStart(a, b) {
  let n = 0
  while (n < a.length && n < b.length && a[n] === b[n]) n++
  // Never between the halves of a character, nor inside a word.
  while (n > 0 && /[\uD800-\uDBFF]/.test(a[n - 1])) n--
  return n
}

/**
 * The single stretch in which two texts differ: what one burst of typing did.
 * @param {string} before @param {string} after @returns {Hunk | null}
 */
export function span(before, after) {
  if (before === after) return null
  const from = sharedStart(before, after)
  let end = 0
  const most = Math.min(before.length, after.length) - from
  while (
    end < most &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++
  }
  while (end > 0 && /[\uDC00-\uDFFF]/.test(before[before.length - end])) end--
  return {
    from,
    to: before.length - end,
    insert: after.slice(from, after.length - end),
  }
}

/** Where the texts differ, in order. @param {string} before
 *  @param {string} after @returns {Hunk[]} */
export function hunks(before, after) {
  const a = tokens(before)
  const b = tokens(after)
  const found = pairs(a, b)
  if (!found) {
    const one = span(before, after)
    return one ? [one] : []
  }
  /** @type {Hunk[]} */ const out = []
  let i = 0
  let j = 0
  let at = 0
  for (const [nextA, nextB] of [...found, [a.length, b.length]]) {
    if (nextA > i || nextB > j) {
      const from = at
      for (; i < nextA; i++) at += a[i].length
      out.push({ from, to: at, insert: b.slice(j, nextB).join('') })
    }
    if (nextA < a.length) at += a[nextA].length
    i = nextA + 1
    j = nextB + 1
  }
  return out
}

/** The same, as what to show: a gap between two changes belongs to both, so
 *  that a phrase that was put in another's place reads as a phrase.
 *  @param {string} before @param {string} after @returns {Part[]} */
export function parts(before, after) {
  /** @type {Part[]} */ const out = []
  let at = 0
  let gone = ''
  let come = ''
  const close = (/** @type {string} */ same) => {
    if (gone) out.push({ kind: 'gone', text: gone })
    if (come) out.push({ kind: 'new', text: come })
    if (same) out.push({ kind: 'same', text: same })
    gone = come = ''
  }
  for (const { from, to, insert } of hunks(before, after)) {
    const between = before.slice(at, from)
    if (at > 0 && !between.trim()) {
      gone += between
      come += between
    } else {
      close(between)
    }
    gone += before.slice(from, to)
    come += insert
    at = to
  }
  close(before.slice(at))
  return out
}
