// @ts-check
/**
 * Long texts on a device: what the screen shows while our own edits are on
 * their way, and what a new edit is made on.
 *
 * The edits that are not back yet form a *chain*: each was made on the result
 * of the one before, the first on the confirmed text at its `seen`. The last
 * result is the *raw* text, our words without what others wrote since. The
 * screen shows the chain merged over the confirmed text, by the server's rule.
 *
 * The server rebuilds what an edit was made on from `seen` and our own earlier
 * edits (PROTOCOL.md, section 3), so a new edit is always made on one of
 * three: the raw text when the chain is not empty; else the confirmed text; or
 * else an older text that the author still has on the screen (image.js, past),
 * with its own `seen`.
 */

import { apply, diff, merge } from './text.js'
import { unitKey } from './image.js'

/**
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Edit} Edit
 * @typedef {import('./image.js').Stored} Stored
 * @typedef {{ base: string, value: any, seen: number }} Link
 */

/** The text of a confirmed field. @param {Stored | undefined} stored
 * @param {number} field @returns {string} */
export function confirmedText(stored, field) {
  const value = stored?.fields[field]?.value
  return typeof value === 'string' ? value : ''
}

/**
 * `text` with the edit `delta`, which was made on `base`, merged in.
 * @param {string} base @param {string} text @param {any} delta
 */
export function meet(base, text, delta) {
  if (base === text) return apply(text, delta)
  const { delta: mine } = merge(base, diff(base, text), delta)
  return apply(text, mine)
}

/** @param {string} confirmed @param {readonly Link[]} chain */
export const shownText = (confirmed, chain) =>
  chain.reduce((text, link) => meet(link.base, text, link.value), confirmed)

/** @param {Link} link */
const rawText = (link) => apply(link.base, link.value)

/**
 * Where each character of a text went, and whether it is still there.
 * @param {string} from @param {string} onto
 */
function placesOf(from, onto) {
  const length = Array.from(from).length
  /** @type {number[]} */
  const places = []
  /** @type {boolean[]} */
  const kept = []
  let at = 0
  for (const step of diff(from, onto)) {
    if (typeof step === 'string') at += Array.from(step).length
    for (let n = Math.abs(Number(step)) || 0; n > 0; n--) {
      places.push(at)
      kept.push(Number(step) > 0)
      if (Number(step) > 0) at++
    }
  }
  while (places.length < length) {
    kept.push(true)
    places.push(at++)
  }
  return { places: [...places, at], kept }
}

/** @param {string | undefined} char */
const isSpace = (char) => char !== undefined && /\s/u.test(char)

/** Two words must not become one because the space between them stays behind.
 * @param {string} text @param {{ gone: string | undefined,
 *   next: string | undefined }} side  what stood beside it, and what does now
 */
const needsSpace = (text, { gone, next }) =>
  text !== '' && isSpace(gone) && next !== undefined && !isSpace(next)

/**
 * An author turned the text on the screen, `from`, into `whole`; what that
 * means for our raw text, `onto`. What the author put in goes to its place
 * there; what the author took out goes if it is there at all. Not a merge: it
 * must not bring others' words into ours, for then they would stand twice.
 * @param {string} from @param {string} whole @param {string} onto
 */
function carry(from, whole, onto) {
  if (from === onto) return whole
  const { places, kept } = placesOf(from, onto)
  const source = Array.from(from)
  const target = Array.from(onto)
  const chars = [...target]
  /** @type {string[]} */
  const before = Array(target.length + 1).fill('')
  let i = 0
  for (const step of diff(from, whole)) {
    if (typeof step !== 'string') {
      const end = i + Math.abs(step)
      for (; i < end; i++) if (step < 0 && kept[i]) chars[places[i]] = ''
      continue
    }
    const at = i > 0 && kept[i - 1] ? places[i - 1] + 1 : places[i]
    const left = {
      gone: kept[i - 1] ? '' : source[i - 1],
      next: target[at - 1],
    }
    const right = { gone: kept[i] ? '' : source[i], next: target[at] }
    const space = isSpace(step[0]) ? '' : ' '
    const end = isSpace(step[step.length - 1]) ? '' : ' '
    before[at] +=
      (needsSpace(step, left) ? space : '') +
      step +
      (needsSpace(step, right) ? end : '')
  }
  return before.map((text, at) => text + (chars[at] ?? '')).join('')
}

/** Our edits of this field that are not back. @param {Draft} draft
 * @param {string} record @param {number} field @returns {Link[]} */
export const chainOf = (draft, record, field) =>
  draft
    .pendingOf(record)
    .flatMap((pending) => pending.touches)
    .filter((touch) => touch.record === record)
    .flatMap((touch) => touch.edits)
    .filter((edit) => edit.field === field && !edit.back)
    .filter((edit) => edit.base !== undefined)
    .map(({ base, value, seen }) => ({ base: base ?? '', value, seen }))

/**
 * @typedef {object} Wish  an author's wish for one text field
 * @property {string} record
 * @property {number} field
 * @property {string} whole
 * @property {string | undefined} screen  what the author began with, if it is
 *   not what the device shows
 * @property {number} seen  the version of the unit that is confirmed
 */

/** @param {Wish} wish @param {number} seen @param {string} base
 * @param {string} whole @returns {Edit} */
const editOn = (wish, seen, base, whole) => ({
  op: 'text',
  field: wish.field,
  seen,
  value: diff(base, whole),
  base,
})

/**
 * A new edit. @param {Draft} draft @param {Wish} wish @returns {Edit}
 */
export function newTextEdit(draft, wish) {
  const { record, field, whole } = wish
  const confirmed = confirmedText(draft.record(record), field)
  const chain = chainOf(draft, record, field)
  const last = chain[chain.length - 1]
  if (last) {
    const raw = rawText(last)
    const screen = wish.screen ?? shownText(confirmed, chain)
    return editOn(wish, last.seen, raw, carry(screen, whole, raw))
  }
  const screen = wish.screen ?? confirmed
  if (screen !== confirmed) {
    const past = draft.image.past.get(unitKey(record, field)) ?? []
    const known = [...past].reverse().find(({ text }) => text === screen)
    if (known) return editOn(wish, known.seen, screen, whole)
  }
  const mine = diff(screen, whole)
  return editOn(wish, wish.seen, confirmed, meet(screen, confirmed, mine))
}

/**
 * The same author goes on in an edit that nobody has been sent: one edit in
 * its place. `seen` stays, unless the author wrote this on a screen that shows
 * others' words since, and nothing of ours is still on its way before it.
 * @param {Draft} draft @param {Wish} wish @param {Edit} edit @returns {Edit}
 */
export function continuedEdit(draft, wish, edit) {
  const { record, field, whole } = wish
  const confirmed = confirmedText(draft.record(record), field)
  const chain = chainOf(draft, record, field)
  const link = { base: edit.base ?? '', value: edit.value, seen: edit.seen }
  const raw = rawText(link)
  const shown = shownText(confirmed, chain)
  const screen = wish.screen ?? shown
  const sawOthers = screen === shown && screen !== raw
  if (sawOthers && chain.length === 1 && wish.seen > edit.seen) {
    return editOn(wish, wish.seen, confirmed, whole)
  }
  return editOn(wish, link.seen, link.base, carry(screen, whole, raw))
}

/**
 * What our edit was made on did not become true (the change before it was
 * held): the same words on the confirmed text instead.
 * @param {Draft} draft @param {string} record @param {Edit} edit
 * @param {number} seen @returns {Edit}
 */
export function movedEdit(draft, record, edit, seen) {
  const confirmed = confirmedText(draft.record(record), edit.field)
  const whole = meet(edit.base ?? '', confirmed, edit.value)
  return {
    ...edit,
    seen,
    base: confirmed,
    value: diff(confirmed, whole),
  }
}
