// @ts-check
/**
 * The server was restored from a backup: what it had after `fork`, it has not
 * got any more, and what it has since is not what we know. Part of replica.js.
 *
 *     WELCOME of another timeline
 *       confirmed rows after the fork go, and their buckets are fetched again
 *       our changes after the fork, back or not, are a queue again, in their
 *         order, in a new incarnation; nothing is sent yet
 *     CHECKPOINT
 *       each is *made anew* on what is there now, and sent
 *
 * Made anew: a version after the fork means nothing on this timeline, so a
 * `seen` beyond it becomes the fork; and a text that was made on words which
 * the server has lost is merged onto those that it has, as any text that meets
 * another. Meanwhile the screen shows our own words on top, as always.
 *
 * What of ours the backup has is not offered: of this incarnation the server
 * says how far it has it; of an earlier one the version tells.
 */

import { asUnsent, newSelf, selfOf } from './outbox.js'
import { checkTexts, encodeTouches } from './edits.js'
import { confirmedText, meet } from './texts.js'
import { diff } from './text.js'
import { keep } from './kept.js'
import { mayDo } from './catalog.js'
import { TidemarkError } from './fault.js'
import { unitKey } from './image.js'

/**
 * @typedef {import('./replica.js').Work} Work
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./image.js').Kept} Kept
 * @typedef {import('./image.js').Touch} Touch
 * @typedef {import('./image.js').Edit} Edit
 * @typedef {import('./message.js').Scope} Scope
 * @typedef {import('./message.js').Welcome} Welcome
 */

/** The rows after the fork; their buckets come again from the start.
 * @param {Draft} draft @param {number} fork */
function dropBeyond(draft, fork) {
  /** @type {Record<number, number>} */
  const versions = { ...draft.meta('cursors')?.versions }
  for (const bucket of Object.keys(versions).map(Number)) {
    versions[bucket] = Math.min(versions[bucket], fork)
  }
  for (const id of draft.image.records.keys()) {
    const record = draft.record(id)
    if (!record) continue
    const all = Object.entries(record.fields)
    const fields = all.filter(([, row]) => row.v <= fork)
    if (fields.length === all.length) continue
    versions[record.bucket] = 0
    if (!fields.length) draft.drop('records', id)
    else draft.put('records', { ...record, fields: Object.fromEntries(fields) })
  }
  draft.put('meta', { key: 'cursors', versions })
}

/** What a bucket of the old timeline is called on the new one: numbers given
 * after the fork are not the same. @param {readonly Scope[]} was
 * @param {readonly Scope[]} now */
function renamer(was, now) {
  const names = new Map(was.map(({ bucket, name }) => [bucket, name]))
  const numbers = new Map(now.map(({ bucket, name }) => [name, bucket]))
  /** @param {number | string} bucket */
  return (bucket) => {
    const name = typeof bucket === 'string' ? bucket : names.get(bucket)
    return name === undefined ? bucket : (numbers.get(name) ?? name)
  }
}

/** A kept change, as if it were waiting. @param {Kept} kept @returns {Pending} */
const waiting = ({ seq, at, bytes, touches, version }) => ({
  seq,
  at,
  bytes,
  touches,
  tags: [],
  sealed: true,
  version,
  told: 'outcome',
  held: false,
  cleared: true,
})

/** It is to be offered again, so nobody has decided about it yet.
 * @param {Draft} draft @param {number} incarnation @param {number} seq */
function forgetHeld(draft, incarnation, seq) {
  for (const key of draft.image.held.keys()) {
    if (key.startsWith(`${incarnation}/${seq}/`)) draft.drop('held', key)
  }
}

/** All of ours that the server has not got, in order; they leave their places.
 * @param {Work} work @param {Welcome} welcome @returns {Pending[]} */
function takeMissing(work, { fork, seq: has, version }) {
  const { draft, now } = work
  const { acked, made, incarnation } = selfOf(draft)
  /** @type {Pending[]} */
  const missing = []
  for (const kept of draft.kept()) {
    const isOurs = kept.incarnation === incarnation
    if (isOurs ? kept.seq <= has : kept.version <= fork) continue
    draft.drop('kept', kept.key)
    forgetHeld(draft, kept.incarnation, kept.seq)
    missing.push(waiting(kept))
  }
  for (let seq = acked + 1; seq <= made; seq++) {
    const pending = draft.pending(seq)
    if (!pending) continue
    draft.drop('outbox', seq)
    if (seq <= has) {
      const known = pending.version || version
      keep(draft, pending, { incarnation, now, version: known })
      continue
    }
    forgetHeld(draft, incarnation, seq)
    missing.push(pending)
  }
  return missing
}

/** Does anything here come from after the fork?
 * @param {Draft} draft @param {Welcome} welcome */
function isBeyond(draft, { fork, seq }) {
  const { acked } = selfOf(draft)
  /** @type {number[]} */
  const cursors = Object.values(draft.meta('cursors')?.versions ?? {})
  return (
    acked > seq ||
    cursors.some((version) => version > fork) ||
    draft.kept().some(({ version }) => version > fork)
  )
}

/**
 * The server is on another timeline than the one that we know.
 * @param {Work} work @param {Welcome} welcome
 * @returns {boolean} true: greet it anew, nothing else of this counts
 */
export function followTimeline(work, welcome) {
  const { draft, now } = work
  const { fork, scope } = welcome
  if (!isBeyond(draft, welcome)) return false
  const rename = renamer(draft.meta('scope')?.buckets ?? [], scope)
  const { incarnation } = selfOf(draft)
  const missing = takeMissing(work, welcome)
  const fresh = newSelf(Math.max(now, incarnation + 1))
  draft.put('meta', { ...fresh, made: missing.length })
  missing.forEach((pending, i) => {
    const touches = pending.touches.map((touch) => ({
      ...touch,
      bucket: rename(touch.bucket),
    }))
    const again = asUnsent({ ...pending, touches })
    draft.put('outbox', { ...again, seq: i + 1, sealed: true, fork })
  })
  for (const kept of draft.kept()) {
    const touches = kept.touches.map((touch) => ({
      ...touch,
      bucket: rename(touch.bucket),
    }))
    draft.put('kept', { ...kept, touches })
  }
  dropBeyond(draft, fork)
  return true
}

/**
 * @typedef {object} Anew
 * @property {Work} work
 * @property {Map<string, string>} raws  our texts, by unit, as far as made
 * @property {Set<string>} begun  records that the queue creates
 */

/** What somebody else began after the fork may come back later than our words
 * about it, or never: so that they are not refused, they begin it, too. To
 * create what is there already is no error.
 * @param {Anew} anew @param {Touch} touch @returns {Touch} */
function begin({ work, begun }, touch) {
  const { draft, config } = work
  const { bucket, record, edits } = touch
  const isNew = edits[0]?.op === 'create'
  const isThere = draft.record(record) || begun.has(record)
  const type = config.catalog.typeNo(touch.type)
  /** @type {Scope[]} */
  const scope = draft.meta('scope')?.buckets ?? []
  const ours = scope.find((b) => b.bucket === bucket || b.name === bucket)
  const mayBegin = type && ours && mayDo(type, 'create', ours.roles)
  const isWritten = edits.every(({ field }) => field > 0)
  // Only a touch that creates may name its bucket.
  const isNamed = typeof bucket === 'string'
  const mustBegin = isNamed || (!isThere && mayBegin && isWritten)
  if (isNew || mustBegin) begun.add(record)
  if (isNew || !mustBegin) return touch
  /** @type {Edit} */
  const create = { op: 'create', field: 0, seen: 0, value: touch.type }
  return { ...touch, edits: [create, ...edits] }
}

/** @param {Anew} anew @param {Touch} touch @param {Edit} edit
 * @param {number | undefined} fork @returns {Edit} */
function editAnew({ work, raws }, touch, edit, fork) {
  const { draft, config } = work
  const stored = draft.record(touch.record)
  const field = config.catalog.field(touch.type, edit.field)
  const unit = field?.unit ?? [edit.field]
  const now = Math.max(0, ...unit.map((no) => stored?.fields[no]?.v ?? 0))
  if (edit.base === undefined) {
    const known = Math.min(edit.seen, fork ?? edit.seen)
    // More than the field's own version is not a version of it.
    const isItsOwn = edit.field > 0 && unit.length === 1 && now > 0
    return { ...edit, seen: isItsOwn ? Math.min(known, now) : known }
  }
  const key = unitKey(touch.record, edit.field)
  const raw = raws.get(key) ?? confirmedText(stored, edit.field)
  const whole = meet(edit.base, raw, edit.value)
  raws.set(key, whole)
  return { ...edit, seen: now, base: raw, value: diff(raw, whole) }
}

/** A text edit that changes nothing says nothing. @param {Edit} edit */
const says = (edit) => edit.base === undefined || edit.value.length > 0

/** @param {Anew} anew @param {Pending} pending @returns {Pending | null} */
function changeAnew(anew, pending) {
  const { fork, ...rest } = pending
  const touches = pending.touches
    .map((touch) => begin(anew, touch))
    .map((touch) => ({
      ...touch,
      edits: touch.edits
        .map((edit) => editAnew(anew, touch, edit, fork))
        .filter(says),
    }))
    .filter((touch) => touch.edits.length)
  if (!touches.length) return null
  try {
    checkTexts(touches)
    const { catalog } = anew.work.config
    const bytes = encodeTouches(pending.at, touches, catalog)
    return { ...rest, touches, bytes, sealed: false }
  } catch (error) {
    // It has become too long: the server holds it as it was, for a person.
    if (error instanceof TidemarkError) return rest
    throw error
  }
}

/** Everything has come: what waits is made anew, and may go.
 * @param {Work} work */
export function makeAnew(work) {
  const { draft } = work
  const self = selfOf(draft)
  const first = draft.pending(self.acked + 1)
  if (first?.fork === undefined) return
  /** @type {Anew} */
  const anew = { work, raws: new Map(), begun: new Set() }
  let seq = self.acked
  for (let old = self.acked + 1; old <= self.made; old++) {
    const pending = draft.pending(old)
    const again = pending && changeAnew(anew, pending)
    draft.drop('outbox', old)
    if (again) draft.put('outbox', { ...again, seq: ++seq })
  }
  draft.put('meta', { ...self, made: seq })
}
