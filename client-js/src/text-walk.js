// @ts-check
/**
 * A delta read and written piece by piece; the twin of protocol/text_walk.h.
 *
 * A walk yields the steps of a delta, cut as small as the reader needs; after
 * the last it yields an endless keep. A pen takes steps in any order that makes
 * sense at one place and leaves canonical ones: none empty, neighbours joined,
 * inserts before the drop, no keep at the end.
 *
 * Counts are code points, JavaScript's strings are UTF-16: texts without a
 * surrogate, nearly all of them, are measured without looking at each.
 *
 * @typedef {number | string} Step  keep n (> 0), drop n (< 0) or insert
 * @typedef {readonly Step[]} Delta
 * @typedef {object} Walk
 * @property {Delta} delta
 * @property {number} next
 * @property {Step} step
 * @property {number} chars  of this step, still to be taken
 * @property {boolean} atEnd
 * @typedef {{ delta: Step[], keep: number, insert: string, drop: number }} Pen
 */
import { fail } from './fault.js'

/** The most code points that one step may count. */
const COUNT_MAX = 0x7fffffff

/** @param {string} s */
export const hasAstral = (s) => /[\ud800-\udfff]/.test(s)

/** Code points in s. @param {string} s */
export function chars(s) {
  if (!hasAstral(s)) return s.length
  let n = 0
  for (let i = 0; i < s.length; n++) i += widthAt(s, i)
  return n
}

/** UTF-16 units of the code point at s[i].
 * @param {string} s @param {number} i */
export const widthAt = (s, i) => (Number(s.codePointAt(i)) > 0xffff ? 2 : 1)

/**
 * Where in s the nth code point after `from` starts; past the end when there
 * are fewer. `astral`: whether s has surrogates.
 * @param {string} s @param {number} from @param {number} n
 * @param {boolean} astral
 */
export function offset(s, from, n, astral) {
  if (!astral) return from + n
  let i = from
  for (; n > 0 && i < s.length; n--) i += widthAt(s, i)
  return i + n
}

/** @param {Delta} delta @returns {Walk} */
export function startWalk(delta) {
  /** @type {Walk} */
  const w = { delta, next: 0, step: 0, chars: 0, atEnd: false }
  nextStep(w)
  return w
}

/** @param {Walk} w */
export function nextStep(w) {
  if (w.next === w.delta.length) {
    w.atEnd = true
    w.step = w.chars = Infinity
    return
  }
  w.step = w.delta[w.next++]
  w.chars = typeof w.step === 'string' ? chars(w.step) : Math.abs(w.step)
}

/**
 * Take n code points off the current step; at most w.chars.
 * @param {Walk} w @param {number} n @returns {Step}
 */
export function take(w, n) {
  const { step } = w
  if (w.atEnd) return n
  if (n === w.chars) {
    nextStep(w)
    return step
  }
  w.chars -= n
  if (typeof step === 'number') return step > 0 ? n : -n
  const cut = offset(step, 0, n, hasAstral(step))
  w.step = step.slice(cut)
  return step.slice(0, cut)
}

/** @returns {Pen} */
export const startPen = () => ({ delta: [], keep: 0, insert: '', drop: 0 })

/** @param {Pen} p */
function flush(p) {
  if (!p.insert && !p.drop) return
  if (p.keep > COUNT_MAX || p.drop > COUNT_MAX) fail('bad_delta', 'too long')
  if (p.keep) p.delta.push(p.keep)
  if (p.insert) p.delta.push(p.insert)
  if (p.drop) p.delta.push(-p.drop)
  p.keep = p.drop = 0
  p.insert = ''
}

/** @param {Pen} p @param {number} n */
export function keep(p, n) {
  if (n === 0) return
  flush(p)
  p.keep += n
}

/** @param {Pen} p @param {number} n */
export function drop(p, n) {
  p.drop += n
}

/** @param {Pen} p @param {string} text */
export function insert(p, text) {
  p.insert += text
}

/** @param {Pen} p */
export function finish(p) {
  flush(p) // a keep still waiting is the tail: it goes unsaid
  return p.delta
}
