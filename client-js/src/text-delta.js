// @ts-check
/**
 * Deltas by themselves and on one text. Part of text.js, which says what a
 * delta is.
 *
 * @typedef {import('./text-walk.js').Step} Step
 * @typedef {import('./text-walk.js').Delta} Delta
 */
import { fail } from './fault.js'
import {
  chars,
  drop,
  finish,
  hasAstral,
  insert,
  keep,
  nextStep,
  offset,
  startPen,
  startWalk,
  take,
} from './text-walk.js'

export const TEXT_CHARS_MAX = 100000

/** A surrogate without its partner, or U+0000. */
const NOT_TEXT = /[\ud800-\udfff]|\0/u

/** May a text hold all of this? @param {string} s */
export const isText = (s) => !NOT_TEXT.test(s)

/** keep, insert and drop, in the order in which they stand at one place.
 * @param {Step} step */
const rank = (step) => (typeof step === 'string' ? 1 : step > 0 ? 0 : 2)

/** @param {unknown} step */
const isStep = (step) =>
  typeof step === 'string'
    ? step !== '' && isText(step)
    : Number.isInteger(step) && step !== 0

/**
 * Is this a canonical delta within the limits: what may be sent?
 * @param {unknown} delta @returns {delta is Delta}
 */
export function checkDelta(delta) {
  if (!Array.isArray(delta) || !delta.every(isStep)) return false
  let last = -1 // the rank of the step before; -1 at the start
  let walked = 0
  let added = 0
  for (const step of delta) {
    const now = rank(step)
    // A keep may follow anything but a keep; the others must rank higher.
    if (now === 0 ? last === 0 : now <= last) return false
    if (typeof step === 'string') added += chars(step)
    else walked += Math.abs(step)
    last = now
  }
  return last !== 0 && walked <= TEXT_CHARS_MAX && added <= TEXT_CHARS_MAX
}

/**
 * The text that results.
 * @param {string} text @param {Delta} delta @returns {string}
 */
export function apply(text, delta) {
  const astral = hasAstral(text)
  let out = ''
  let at = 0
  for (const step of delta) {
    if (typeof step === 'string') {
      out += step
      continue
    }
    const end = offset(text, at, Math.abs(step), astral)
    if (end > text.length) fail('bad_delta', 'reaches past the end')
    if (step > 0) out += text.slice(at, end)
    at = end
  }
  return out + text.slice(at)
}

/**
 * One delta that does what `first` and then `second` do.
 * @param {Delta} first @param {Delta} second @returns {Step[]}
 */
export function compose(first, second) {
  const a = startWalk(first)
  const b = startWalk(second)
  const pen = startPen()
  while (!a.atEnd || !b.atEnd) {
    if (Number(a.step) < 0) {
      drop(pen, a.chars)
      nextStep(a)
    } else if (typeof b.step === 'string') {
      insert(pen, b.step)
      nextStep(b)
    } else {
      const n = Math.min(a.chars, b.chars)
      const drops = b.step < 0
      const made = take(a, n)
      take(b, n)
      if (typeof made === 'number') drops ? drop(pen, n) : keep(pen, n)
      else if (!drops) insert(pen, made) // else it never was
    }
  }
  return finish(pen)
}

/**
 * The delta that undoes `delta`, which was made on `text`.
 * @param {string} text @param {Delta} delta @returns {Step[]}
 */
export function invert(text, delta) {
  const astral = hasAstral(text)
  const pen = startPen()
  let at = 0
  for (const step of delta) {
    if (typeof step === 'string') {
      drop(pen, chars(step))
      continue
    }
    const end = offset(text, at, Math.abs(step), astral)
    if (end > text.length) fail('bad_delta', 'reaches past the end')
    if (step > 0) keep(pen, step)
    else insert(pen, text.slice(at, end))
    at = end
  }
  return finish(pen)
}
