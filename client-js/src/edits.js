// @ts-check
/**
 * One save: from what the app asks for to the edits of a change.
 *
 * The app's function runs once and only records *wishes*; ids are made then.
 * Wishes become edits later, against the device's state at that moment, and
 * again if another tab was faster. `seen` is the confirmed version of the unit
 * that the device shows: our own earlier changes never count as concurrent.
 */

import {
  charsOf,
  checkElement,
  checkedValue,
  fieldNamed,
  keyParts,
  mayDo,
  TEXT_CHARS_MAX,
  wireValue,
} from './catalog.js'
import {
  CHANGE_EDITS_MAX,
  CHANGE_TOUCHES_MAX,
  SET_ELEMENTS_MAX,
  writeChange,
} from './change.js'
import { fail } from './fault.js'
import { isId, naturalId } from './id.js'
import { apply, diff } from './text.js'
import { continuedEdit, newTextEdit } from './texts.js'

/**
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Edit} Edit
 * @typedef {import('./image.js').Touch} Touch
 * @typedef {import('./image.js').Stored} Stored
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./catalog.js').Catalog} Catalog
 * @typedef {import('./catalog.js').Type} Type
 * @typedef {import('./catalog.js').Field} Field
 *
 * @typedef {{ do: 'create', record: string, type: string, bucket: string }
 *   | { do: 'set', record: string, field: string, value: unknown,
 *       seen?: number }
 *   | { do: 'text', record: string, field: string, value: string,
 *       screen?: string, seen?: number }
 *   | { do: 'add' | 'remove', record: string, field: string,
 *       value: readonly unknown[] }
 *   | { do: 'delete' | 'restore', record: string }} Wish
 *   seen: the author has seen up to here, whatever the field's version is
 *
 * @typedef {BasicChange & import('./decide.js').Acts} Change  what the app's
 *   function is given
 *
 * @typedef {object} BasicChange
 * @property {(type: string, bucket: string,
 *   fields?: Record<string, unknown>, id?: string) => string} create
 * @property {(id: string, field: string, value: unknown) => void} set
 * @property {(id: string, field: string, whole: string,
 *   seenText?: string) => void} text
 * @property {(id: string, field: string, ...elements: unknown[]) => void} add
 * @property {(id: string, field: string, ...elements: unknown[]) => void} remove
 * @property {(id: string) => void} delete
 * @property {(id: string) => void} restore
 */

/**
 * @param {(c: Change) => void} fn
 * @param {{ catalog: Catalog, newId: () => string,
 *   acts?: import('./decide.js').MakeActs }} options  acts: more than single
 *   edits (decide.js)
 * @returns {Wish[]}
 */
export function recordWishes(fn, { catalog, newId, acts }) {
  /** @type {Wish[]} */
  const wishes = []
  /** @type {BasicChange} */
  const change = {
    create: (typeName, bucket, fields = {}, id) => {
      const type = catalog.type(typeName)
      const record =
        id ??
        (type.natural ? naturalId(typeName, keyParts(type, fields)) : newId())
      wishes.push({ do: 'create', record, type: typeName, bucket })
      for (const [field, value] of Object.entries(fields)) {
        if (value === undefined || value === null || value === '') continue
        wishes.push({ do: 'set', record, field, value })
      }
      return record
    },
    set: (record, field, value) =>
      void wishes.push({ do: 'set', record, field, value }),
    text: (record, field, value, screen) =>
      void wishes.push({ do: 'text', record, field, value, screen }),
    add: (record, field, ...value) =>
      void wishes.push({ do: 'add', record, field, value: value.flat() }),
    remove: (record, field, ...value) =>
      void wishes.push({ do: 'remove', record, field, value: value.flat() }),
    delete: (record) => void wishes.push({ do: 'delete', record }),
    restore: (record) => void wishes.push({ do: 'restore', record }),
  }
  const all = /** @type {Change} */ ({ ...change, ...acts?.(change, wishes) })
  const answer = /** @type {any} */ (fn(all))
  if (typeof answer?.then === 'function') {
    throw new TypeError('the function of a change must not be async')
  }
  return wishes
}

/**
 * @typedef {object} Target  a record, as far as this change has made it
 * @property {Touch} touch
 * @property {Type} type
 * @property {Stored | undefined} stored
 * @property {boolean} twice  created here though it is there already
 */

/** @param {Draft} draft @param {string} name @returns {any} */
const bucketNamed = (draft, name) =>
  draft
    .meta('scope')
    ?.buckets.find((/** @type {any} */ bucket) => bucket.name === name)

/** @param {Draft} draft @param {number | string} bucket @returns {any} */
const bucketKnown = (draft, bucket) =>
  draft
    .meta('scope')
    ?.buckets.find(
      (/** @type {any} */ b) => b.bucket === bucket || b.name === bucket,
    )

/** What we know is refused is refused here; else the server decides.
 * @param {Draft} draft @param {Type} type @param {number | string} bucket
 * @param {string} op */
function demand(draft, type, bucket, op) {
  const known = bucketKnown(draft, bucket)
  if (known && !mayDo(type, op, known.roles)) {
    fail('denied', `you may not ${op} a ${type.name} in ${known.name}`)
  }
}

/** Where a record of ours was begun, when the server has not confirmed it.
 * @param {Draft} draft @param {string} record */
const begun = (draft, record) =>
  draft
    .pendingOf(record)
    .flatMap((pending) => pending.touches)
    .find((touch) => touch.record === record)

/** The greatest version among these fields. @param {Stored | undefined} stored
 * @param {readonly number[]} fields */
const seenOf = (stored, fields) =>
  fields.reduce((most, no) => Math.max(most, stored?.fields[no]?.v ?? 0), 0)

/** @param {Stored | undefined} stored */
const seenOfAll = (stored) =>
  seenOf(stored, Object.keys(stored?.fields ?? {}).map(Number))

/** @param {Draft} draft @param {Catalog} catalog @param {string} record
 * @returns {Target} */
function knownTarget(draft, catalog, record) {
  const stored = draft.record(record)
  const from = stored ?? begun(draft, record)
  if (!from) return fail('unknown_record', `no record ${record} on this device`)
  const type = catalog.typeNo(from.type)
  if (!type) return fail('unknown_type', `no record type ${from.type}`)
  // A bucket without a number is named, and only a touch that creates names it.
  /** @type {Touch['edits']} */
  const edits = []
  if (typeof from.bucket === 'string') {
    edits.push({ op: 'create', field: 0, seen: 0, value: type.no })
  }
  const touch = { bucket: from.bucket, record, type: type.no, edits }
  return { touch, type, stored, twice: false }
}

/** @param {Draft} draft @param {Catalog} catalog
 * @param {Extract<Wish, { do: 'create' }>} wish @returns {Target} */
function newTarget(draft, catalog, wish) {
  const type = catalog.type(wish.type)
  const stored = draft.record(wish.record)
  if (!isId(wish.record)) fail('bad_value', `${wish.record} is not an id`)
  const bucket = bucketNamed(draft, wish.bucket)?.bucket ?? wish.bucket
  demand(draft, type, bucket, 'create')
  const known = stored ?? begun(draft, wish.record)
  return {
    touch: {
      bucket: stored ? stored.bucket : bucket,
      record: wish.record,
      type: type.no,
      edits: [{ op: 'create', field: 0, seen: 0, value: type.no }],
    },
    type,
    stored,
    twice: known !== undefined,
  }
}

/** @param {Target} target @param {number} field */
const sameText = (target, field) =>
  target.touch.edits.findIndex(
    (edit) => edit.field === field && edit.base !== undefined,
  )

/** @param {Target} target @param {Field} field @param {number} [atLeast] */
const seenBy = (target, field, atLeast = 0) =>
  Math.max(atLeast, target.twice ? 0 : seenOf(target.stored, field.unit))

/** @param {Draft} draft @param {Target} target @param {Field} field
 * @param {string} whole @param {any} wish */
function putText(draft, target, field, whole, { screen, seen }) {
  checkedValue(target.type, field, whole)
  const { touch, stored } = target
  const at = sameText(target, field.no)
  if (at >= 0) {
    const edit = touch.edits[at]
    touch.edits[at] = { ...edit, value: diff(edit.base ?? '', whole) }
    return
  }
  const edit = newTextEdit(draft, {
    record: touch.record,
    field: field.no,
    whole,
    // Something begun twice: nobody has seen what is there already.
    screen: target.twice && screen === undefined ? '' : screen,
    seen: Math.max(seen ?? 0, seenOf(stored, field.unit)),
  })
  if (edit.value.length) touch.edits.push(edit)
}

/** @param {Draft} draft @param {Target} target @param {any} wish */
function putField(draft, target, wish) {
  const field = fieldNamed(target.type, wish.field)
  const seen = seenBy(target, field, wish.seen)
  const { edits } = target.touch
  if (wish.do === 'text' || (wish.do === 'set' && field.rule === 'text')) {
    const whole = wish.value ?? ''
    if (typeof whole !== 'string') {
      fail('bad_value', `${target.type.name}.${field.name} is a text`)
    }
    if (field.rule === 'text') {
      putText(draft, target, field, whole, wish)
      return
    }
    wish = { ...wish, do: 'set', value: whole }
  }
  if (wish.do === 'set') {
    const value = checkedValue(target.type, field, wish.value)
    const same = edits.findIndex((e) => e.op === 'set' && e.field === field.no)
    const edit = {
      op: /** @type {const} */ ('set'),
      field: field.no,
      seen,
      value,
    }
    if (same >= 0) edits[same] = edit
    else edits.push(edit)
    return
  }
  for (const element of wish.value) checkElement(target.type, field, element)
  if (wish.value.length > SET_ELEMENTS_MAX) fail('too_big', 'too many elements')
  if (!wish.value.length) return
  edits.push({ op: wish.do, field: field.no, seen, value: [...wish.value] })
}

/**
 * The touches of a change, checked. Throws a TidemarkError.
 * @param {Draft} draft @param {readonly Wish[]} wishes
 * @param {Catalog} catalog @returns {Touch[]}
 */
export function buildTouches(draft, wishes, catalog) {
  /** @type {Map<string, Target>} */
  const targets = new Map()
  for (const wish of wishes) {
    if (wish.do === 'create') {
      const again = targets.has(wish.record)
      if (again) fail('exists', 'the same record is created twice')
      targets.set(wish.record, newTarget(draft, catalog, wish))
      continue
    }
    let target = targets.get(wish.record)
    if (!target) {
      target = knownTarget(draft, catalog, wish.record)
      targets.set(wish.record, target)
    }
    const { touch, type, stored } = target
    if (wish.do === 'delete' || wish.do === 'restore') {
      demand(draft, type, touch.bucket, 'delete')
      const seen = seenOfAll(stored)
      touch.edits.push({ op: wish.do, field: 0, seen, value: null })
      continue
    }
    const isNew = touch.edits[0]?.op === 'create'
    if (!isNew) demand(draft, type, touch.bucket, 'write')
    putField(draft, target, wish)
  }
  // A touch that only creates anew what is begun says nothing.
  const says = (/** @type {Target} */ { touch, stored, twice }) =>
    touch.edits.length > 1 ||
    (touch.edits.length === 1 &&
      (touch.edits[0].op !== 'create' ||
        !(stored || twice || begun(draft, touch.record))))
  return [...targets.values()].filter(says).map((target) => target.touch)
}

/** @param {number} at @param {readonly Touch[]} touches
 * @param {Catalog} catalog @returns {Uint8Array} */
export function encodeTouches(at, touches, catalog) {
  const edits = touches.reduce((n, touch) => n + touch.edits.length, 0)
  if (touches.length > CHANGE_TOUCHES_MAX || edits > CHANGE_EDITS_MAX) {
    fail('too_big', 'too much for one change')
  }
  return writeChange({
    at,
    touches: touches.map(({ bucket, record, type, edits }) => ({
      bucket,
      record,
      edits: edits.map(({ op, field, seen, value }) => {
        const known = field ? catalog.field(type, field) : undefined
        const isValue = known && op !== 'text'
        return {
          op,
          field,
          seen,
          value: isValue ? wireValue(known, value) : value,
        }
      }),
    })),
  })
}

/**
 * Typing goes on: the new edits join the newest change, if that has not been
 * sent and touches the same record only. Null: they need a change of their
 * own.
 * @param {Draft} draft @param {Pending | undefined} newest
 * @param {readonly Wish[]} wishes @param {Catalog} catalog
 * @returns {Touch[] | null}
 */
export function joinedTouches(draft, newest, wishes, catalog) {
  if (!newest || newest.sealed || newest.version) return null
  if (newest.touches.length !== 1) return null
  const [touch] = newest.touches
  const type = catalog.typeNo(touch.type)
  if (!type || touch.edits.some((e) => e.op === 'delete' || e.op === 'restore'))
    return null
  const edits = [...touch.edits]
  for (const wish of wishes) {
    if (wish.do !== 'text' && wish.do !== 'set') return null
    if (wish.record !== touch.record) return null
    const field = type.fields.get(wish.field)
    const whole = wish.value ?? ''
    if (field?.rule !== 'text' || typeof whole !== 'string') return null
    checkedValue(type, field, whole)
    const at = edits.findIndex(
      (edit) => edit.field === field.no && edit.base !== undefined,
    )
    if (at < 0) return null
    edits[at] = continuedEdit(
      draft,
      {
        record: touch.record,
        field: field.no,
        whole,
        screen: wish.do === 'text' ? wish.screen : undefined,
        seen: seenOf(draft.record(touch.record), field.unit),
      },
      edits[at],
    )
  }
  if (touch.edits[0].op !== 'create') demand(draft, type, touch.bucket, 'write')
  return [{ ...touch, edits }]
}

/** Does the change's text still fit? Deltas are bounded by their texts.
 * @param {readonly Touch[]} touches */
export function checkTexts(touches) {
  for (const { edits } of touches) {
    for (const { base, value } of edits) {
      if (base === undefined) continue
      if (charsOf(apply(base, value)) > TEXT_CHARS_MAX) {
        fail('too_big', 'the text is longer than is allowed')
      }
    }
  }
}
