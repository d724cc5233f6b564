// @ts-check
/**
 * A draft is what stands in one text box: words that are kept as they are
 * typed. It belongs to a field of a record, not to a box on the screen, so
 * leaving the page never loses it.
 *
 *     clean → typing → saving → saved
 *                 ↖ failed ↙
 *
 * A save goes 400 ms after the last key, after three seconds of typing without
 * a pause, and when the page is hidden or left. What others write meanwhile
 * is put into the draft at once (rebase.js), but never while a save is on its
 * way or a character is being composed.
 *
 * @typedef {'clean' | 'typing' | 'saving' | 'saved' | 'failed'} DraftState
 * @typedef {HTMLTextAreaElement | HTMLInputElement} Box
 */
import { signal } from '@preact/signals'
import { rebase } from './rebase.js'
import { restored } from './spill.js'
import { fieldLabel, fieldOf } from './words.js'

export const PAUSE_MS = 400
export const BURST_MS = 3000

// What no text can hold is NUL, and half of a character that takes two units.
const UNITS = /[\ud800-\udbff][\udc00-\udfff]|[\0\ud800-\udfff]/g

/** @param {string} text */
const wellFormed = (text) =>
  text.replace(UNITS, (found) => (found.length === 2 ? found : ''))

/** Why words could not be kept, for the person who wrote them.
 *  @param {any} tm @param {{ id: string, field: string, text: string }} draft
 *  @param {string} message the library's */
function reason(tm, { id, field, text }, message) {
  const { type } = tm.get(id) ?? {}
  const most = fieldOf(tm, type, field)?.max
  const over = [...text].length - most
  if (!most || over <= 0) return message
  const by = over === 1 ? 'one character' : `${over} characters`
  return (
    `“${fieldLabel(tm, type, field)}” is ${by} too long. ` +
    'Make it shorter, or write the rest in another box.'
  )
}

/** @param {any} tm the client @param {() => number} [now] */
export function createDrafts(tm, now = Date.now) {
  /** @type {Map<string, Draft>} */ const open = new Map()
  const savedAt = signal(/** @type {number | null} */ (null))
  const failed = signal(
    /** @type {{ name: string, message: string } | null} */ (null),
  )

  /** @param {string} id @param {string} field
   *  @param {'text' | 'string'} kind */
  function of(id, field, kind) {
    const key = `${id}/${field}`
    let draft = open.get(key)
    if (!draft) {
      draft = createDraft(tm, { id, field, kind }, now, { savedAt, failed })
      open.set(key, draft)
    }
    return draft
  }

  /** Saves all that is not saved; false when some of it could not be. */
  async function flush() {
    const kept = await Promise.all([...open.values()].map((d) => d.flush()))
    return kept.every(Boolean)
  }

  const unsaved = () => [...open.values()].some((d) => !d.inStep())

  /** What would be lost if the page were gone now.
   *  @returns {import('./spill.js').Spilled[]} */
  const notKept = () =>
    [...open.values()].filter((d) => !d.inStep()).map((d) => d.words())

  /** Puts back what a page that is gone had not kept.
   *  @param {import('./spill.js').Spilled[]} words */
  function restore(words) {
    for (const spilled of words) {
      const { id, field, kind } = spilled
      if (!tm.get(id)) continue
      const draft = of(id, field, kind)
      const text = restored(spilled, draft.text())
      if (text !== undefined) draft.type(text)
    }
    return flush()
  }

  return { of, flush, unsaved, notKept, restore, savedAt, failed }
}

/** @typedef {ReturnType<typeof createDraft>} Draft */

/**
 * @param {any} tm
 * @param {{ id: string, field: string, kind: 'text' | 'string' }} place
 * @param {() => number} now
 * @param {{ savedAt: { value: number | null },
 *   failed: { value: { name: string, message: string } | null } }} report
 */
function createDraft(tm, { id, field, kind }, now, report) {
  const shown = () => tm.get(id)?.fields[field] ?? ''
  const state = signal(/** @type {DraftState} */ ('clean'))
  let base = shown() // what the record said when the draft was last in step
  let text = base
  let composing = false
  let since = 0 // when this burst of typing began
  /** @type {Box | null} */ let box = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer
  /** @type {Promise<boolean> | null} */ let saving = null

  /** @param {string} value @param {readonly [number, number]} [selection] */
  function show(value, selection) {
    text = value
    if (!box || box.value === value) return
    const here = document.activeElement === box
    box.value = value
    if (here && selection) box.setSelectionRange(selection[0], selection[1])
    box.dispatchEvent(new Event('tidemark-grown'))
  }

  /** The record says something else now: put it into what is being typed. */
  function arrived() {
    if (saving || composing) return
    const theirs = shown()
    if (theirs === base) return
    const at = /** @type {const} */ ([
      box?.selectionStart ?? 0,
      box?.selectionEnd ?? 0,
    ])
    const merged = rebase(base, text, theirs, at)
    base = theirs
    show(merged.text, merged.selection)
    if (text !== base) later()
  }

  function later() {
    clearTimeout(timer)
    if (!since) since = now()
    const left = Math.max(0, since + BURST_MS - now())
    timer = setTimeout(flush, Math.min(PAUSE_MS, left))
  }

  /** @param {string} value what stands in the box */
  function type(value) {
    const whole = wellFormed(value)
    if (whole === value) text = value
    else show(whole, [box?.selectionStart ?? 0, box?.selectionEnd ?? 0])
    state.value = 'typing'
    later()
  }

  async function save() {
    const sent = text
    const seen = base
    state.value = 'saving'
    try {
      await tm.change((/** @type {any} */ c) => {
        if (kind === 'text') c.text(id, field, sent, seen)
        else c.set(id, field, sent.trim() === '' ? undefined : sent)
      })
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error)
      state.value = 'failed'
      const why = reason(tm, { id, field, text: sent }, message)
      report.failed.value = { name, message: why }
      return false
    }
    base = sent
    state.value = 'saved'
    report.savedAt.value = now()
    report.failed.value = null
    return true
  }

  /** Saves at once; true when everything typed here is kept. */
  async function flush() {
    clearTimeout(timer)
    since = 0
    while (saving) await saving
    if (text === base) return true
    saving = save()
    const kept = await saving
    saving = null
    if (!kept) return false
    if (text !== base) later()
    else if (kind === 'string') base = text = shown()
    arrived()
    return true
  }

  return {
    state,
    type,
    flush,
    arrived,
    text: () => text,
    words: () => ({ id, field, kind, base, text }),
    inStep: () => text === base && !saving,
    /** @param {Box | null} element the box on the screen, if there is one */
    bind(element) {
      box = element
      if (box) box.value = text
    },
    /** @param {boolean} begins */
    compose(begins) {
      composing = begins
      if (!begins) arrived()
    },
  }
}
