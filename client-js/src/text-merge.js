// @ts-check
/**
 * How two edits of one text meet (PROTOCOL.md, section 7). The twin of
 * protocol/text_merge.c.
 *
 * @typedef {import('./text-walk.js').Step} Step
 * @typedef {import('./text-walk.js').Delta} Delta
 * @typedef {import('./text-walk.js').Pen} Pen
 * @typedef {import('./text-word.js').Glyphs} Glyphs
 * @typedef {import('./text-side.js').Side} Side
 * @typedef {[from: number, to: number, theirs: string, mine: string]} Overlap
 *   where both reworded one place, in code points of base
 * @typedef {{ text: string, delta: Step[], overlaps: Overlap[] }} Merged
 *   `delta` is on base with theirs applied
 *
 * What stands in the result for a group of regions. alone: one side's only.
 * agreed: both wanted the same, the wording of `shown`. followed: two inserts
 * at one place, both, theirs first, no question. reworded: both wordings
 * whole, theirs first; reported.
 * @typedef {'alone' | 'agreed' | 'followed' | 'reworded'} Meeting
 *
 * @typedef {object} Group  regions that stand or fall together
 * @property {number} from  in base
 * @property {number} to
 * @property {[number, number]} first  regions first .. last - 1 of each side
 * @property {[number, number]} last
 * @property {[number, number]} at  the wordings, in the sides' texts
 * @property {[number, number]} end
 * @property {Meeting} meeting
 * @property {number} shown
 * @property {boolean} space  between the two wordings
 * @property {number[]} tail  classes of the last two of the result so far
 *
 * @typedef {{ base: Glyphs, side: [Side, Side] }} Merging
 */
import { apply } from './text-delta.js'
import { place, side } from './text-side.js'
import { drop, finish, insert, keep, startPen } from './text-walk.js'
import {
  BREAK,
  glue,
  glyphs,
  hasLetter,
  LETTER,
  PAD,
  slice,
  SPACE,
} from './text-word.js'

const THEIRS = 0
const MINE = 1

// ---- What becomes of one group. ----

/** @param {Merging} m @param {Group} g @param {number} s */
const wording = (m, g, s) => slice(m.side[s].text, g.at[s], g.end[s])

/** @param {Group} g @param {number} s */
const length = (g, s) => g.end[s] - g.at[s]

/** @param {Merging} m @param {Group} g @param {number} s */
const words = (m, g, s) => hasLetter(m.side[s].text, g.at[s], g.end[s])

/** @param {Merging} m @param {Group} g @param {number} s */
function onlyDrops(m, g, s) {
  const { hunks, regions } = m.side[s]
  return regions
    .slice(g.first[s], g.last[s])
    .every((r) => hunks.slice(r.first, r.last).every((h) => h.at === h.end))
}

/** The classes at the seam. @param {Merging} m @param {Group} g */
const seam = (m, g) => [
  m.side[THEIRS].text.classes[PAD + g.end[THEIRS] - 1],
  m.side[MINE].text.classes[PAD + g.at[MINE]],
]

/** @param {Merging} m @param {Group} g */
const runTogether = (m, g) =>
  length(g, THEIRS) > 0 &&
  length(g, MINE) > 0 &&
  seam(m, g).every((kind) => kind === LETTER)

/** @param {Merging} m @param {Group} g */
function resolveBoth(m, g) {
  if (wording(m, g, THEIRS) === wording(m, g, MINE)) {
    g.meeting = 'agreed'
    return
  }
  const wordless = !words(m, g, THEIRS) && !words(m, g, MINE)
  if (wordless && onlyDrops(m, g, THEIRS) && onlyDrops(m, g, MINE)) {
    g.meeting = 'agreed'
    g.shown = length(g, MINE) < length(g, THEIRS) ? MINE : THEIRS
    return
  }
  const followed = g.from === g.to && !runTogether(m, g)
  g.meeting = followed ? 'followed' : 'reworded'
  g.space =
    !seam(m, g).includes(SPACE) && words(m, g, THEIRS) && words(m, g, MINE)
}

/**
 * The group's range and regions are known: fill in the rest.
 * @param {Merging} m @param {Group} g
 */
function resolve(m, g) {
  g.space = false
  g.shown = THEIRS
  for (const s of [THEIRS, MINE]) {
    g.at[s] = place(m.side[s], g.first[s], g.from)
    g.end[s] = place(m.side[s], g.last[s], g.to)
  }
  g.meeting = 'alone'
  if (g.first[THEIRS] === g.last[THEIRS]) g.shown = MINE
  else if (g.first[MINE] < g.last[MINE]) resolveBoth(m, g)
}

/** @param {Group} g @param {number} s */
const shows = (g, s) =>
  g.meeting === 'followed' || g.meeting === 'reworded' || g.shown === s

// ---- Would words run together at a group's edges? ----

/**
 * Let the classes from .. to pass by; the last two stay in the window.
 * @param {number[]} window @param {Uint8Array} classes @param {number} from
 * @param {number} to
 */
function pass(window, classes, from, to) {
  for (let i = Math.max(from, to - 2); i < to; i++) {
    window[0] = window[1]
    window[1] = classes[PAD + i]
  }
}

/** @param {Merging} m @param {Group} g @param {number[]} window */
function passGroup(m, g, window) {
  for (const s of [THEIRS, MINE]) {
    if (s === MINE && g.space) {
      window[0] = window[1]
      window[1] = SPACE
    }
    if (shows(g, s)) pass(window, m.side[s].text.classes, g.at[s], g.end[s])
  }
}

/**
 * The first two classes of the result from the group's start on, as long as
 * base follows it.
 * @param {Merging} m @param {Group} g
 */
function lookAhead(m, g) {
  /** @type {number[]} */
  const ahead = []
  for (const s of [THEIRS, MINE]) {
    const { classes } = m.side[s].text
    if (s === MINE && g.space) ahead.push(SPACE)
    if (!shows(g, s)) continue
    for (let i = g.at[s]; i < g.end[s] && ahead.length < 2; i++) {
      ahead.push(classes[PAD + i])
    }
  }
  ahead.push(m.base.classes[PAD + g.to], m.base.classes[PAD + g.to + 1])
  return ahead.slice(0, 2)
}

/**
 * The classes before the group: the tail of the one below it and what base
 * keeps between them.
 * @param {Merging} m @param {Group | undefined} below @param {Group} g
 */
function lookBack(m, below, g) {
  const back = below ? [...below.tail] : [BREAK, BREAK]
  pass(back, m.base.classes, below ? below.to : 0, g.from)
  return back
}

/**
 * Neither author's text is glued at its regions' edges; theirs beside mine may
 * be, when they touch or only a joiner stands between them.
 * @param {Merging} m @param {Group} below @param {Group} g
 */
function runsInto(m, below, g) {
  if (g.from - below.to > 1) return false
  const back = lookBack(m, below, g)
  if (glue([...back, ...lookAhead(m, g)], 0)) return true
  passGroup(m, g, back)
  const { classes } = m.base
  return glue([...back, classes[PAD + g.to], classes[PAD + g.to + 1]], 0)
}

// ---- Gathering regions into groups, left to right. ----

/** @param {Group} g @param {number} s */
const oneSided = (g, s) =>
  g.first[s] < g.last[s] && g.first[1 - s] === g.last[1 - s]

/** Two inserts at one place. @param {Group} below @param {Group} g */
const meetInOnePlace = (below, g) =>
  below.from === g.to && oneSided(below, THEIRS) && oneSided(g, MINE)

/** Make `below` hold `g` too. @param {Group} below @param {Group} g */
function join(below, g) {
  below.to = Math.max(below.to, g.to)
  below.last = g.last
}

/**
 * Which region comes next: by its start; at one place an insert before what is
 * dropped there, and theirs before mine.
 * @param {Merging} m @param {number[]} next
 */
function nextSide(m, next) {
  const theirs = m.side[THEIRS].regions[next[THEIRS]]
  const mine = m.side[MINE].regions[next[MINE]]
  if (!theirs) return MINE
  if (!mine) return THEIRS
  if (theirs.from !== mine.from) return theirs.from < mine.from ? THEIRS : MINE
  return mine.to === mine.from && theirs.to > theirs.from ? MINE : THEIRS
}

/** @param {Merging} m @param {[number, number]} next @returns {Group} */
function nextGroup(m, next) {
  const s = nextSide(m, next)
  /** @type {[number, number]} */
  const first = [next[0], next[1]]
  const { from, to } = m.side[s].regions[next[s]++]
  return {
    from,
    to,
    first,
    last: [next[0], next[1]],
    at: [0, 0],
    end: [0, 0],
    meeting: 'alone',
    shown: THEIRS,
    space: false,
    tail: [BREAK, BREAK],
  }
}

/** First what overlaps, or inserts in one place. @param {Merging} m */
function gather(m) {
  /** @type {Group[]} */
  const groups = []
  /** @type {[number, number]} */
  const next = [0, 0]
  const total = m.side[THEIRS].regions.length + m.side[MINE].regions.length
  for (let i = 0; i < total; i++) {
    const g = nextGroup(m, next)
    const below = groups[groups.length - 1]
    if (below && (g.from < below.to || meetInOnePlace(below, g))) join(below, g)
    else groups.push(g)
  }
  return groups
}

/**
 * Then, now that no group will grow by overlap, what would run into one word.
 * @param {Merging} m @param {Group[]} groups
 */
function settle(m, groups) {
  /** @type {Group[]} */
  const done = []
  for (let g of groups) {
    resolve(m, g)
    while (done.length && runsInto(m, done[done.length - 1], g)) {
      const below = /** @type {Group} */ (done.pop())
      join(below, g)
      g = below
      resolve(m, g)
    }
    g.tail = lookBack(m, done[done.length - 1], g)
    passGroup(m, g, g.tail)
    done.push(g)
  }
  return done
}

// ---- Writing what mine adds to theirs. ----

/**
 * Mine alone: its hunks as they were made, on text that theirs kept.
 * @param {Merging} m @param {Group} g @param {Pen} pen
 */
function writeHunks(m, g, pen) {
  const { hunks, regions, text } = m.side[MINE]
  let done = g.from
  const last = regions[g.last[MINE] - 1].last
  for (let i = regions[g.first[MINE]].first; i < last; i++) {
    const h = hunks[i]
    keep(pen, h.from - done)
    insert(pen, slice(text, h.at, h.end))
    drop(pen, h.to - h.from)
    done = h.to
  }
  keep(pen, g.to - done)
}

/** @param {Merging} m @param {Group} g @param {Pen} pen */
function writeGroup(m, g, pen) {
  if (!shows(g, MINE)) {
    keep(pen, length(g, THEIRS))
    return
  }
  if (g.meeting === 'alone') {
    writeHunks(m, g, pen)
    return
  }
  if (shows(g, THEIRS)) keep(pen, length(g, THEIRS))
  if (g.space) insert(pen, ' ')
  insert(pen, wording(m, g, MINE))
  if (!shows(g, THEIRS)) drop(pen, length(g, THEIRS))
}

/** @param {Merging} m @param {Group[]} groups */
function writeDelta(m, groups) {
  const pen = startPen()
  let done = 0
  for (const g of groups) {
    keep(pen, g.from - done)
    writeGroup(m, g, pen)
    done = g.to
  }
  return finish(pen)
}

/**
 * Merge `mine` with `theirs`, both made on `base`; theirs is on the server
 * already.
 * @param {string} base @param {Delta} theirs @param {Delta} mine
 * @returns {Merged}
 */
export function merge(base, theirs, mine) {
  const text = apply(base, theirs)
  const glyphsOfBase = glyphs(base)
  /** @type {Merging} */
  const m = {
    base: glyphsOfBase,
    side: [
      side(glyphsOfBase, text, theirs),
      side(glyphsOfBase, apply(base, mine), mine),
    ],
  }
  const groups = settle(m, gather(m))
  const delta = writeDelta(m, groups)
  /** @type {Overlap[]} */
  const overlaps = groups
    .filter((g) => g.meeting === 'reworded')
    .map((g) => [g.from, g.to, wording(m, g, THEIRS), wording(m, g, MINE)])
  return { text: apply(text, delta), delta, overlaps }
}
