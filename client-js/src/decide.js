// @ts-check
/**
 * What a person decides, as one change: signing, choosing between versions,
 * letting a late change in, reopening, sharing, joining two records, bringing
 * an older value back. All of it is made of ordinary edits, so it works
 * offline; what is special is the `seen` they carry (PROTOCOL.md, section 3):
 *
 *     sign     the greatest version among the rows of the record, and of those
 *              signed with it, that this device has: what its signer saw
 *     decide   not below any version that the conflict lists: all were seen
 *     reopen   the state back and the revision up, in one touch
 */

import { fail } from './fault.js'
import { naturalId, toHex } from './id.js'
import { sha256 } from './sha256.js'

/**
 * @typedef {import('./catalog.js').Catalog} Catalog
 * @typedef {import('./catalog.js').Type} Type
 * @typedef {import('./catalog.js').Field} Field
 * @typedef {import('./edits.js').BasicChange} BasicChange
 * @typedef {import('./edits.js').Wish} Wish
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./image.js').Stored} Stored
 * @typedef {import('./record.js').TmRecord} TmRecord
 *
 * @typedef {object} Desk  what an act may look at: this device, as it is shown
 * @property {Catalog} catalog
 * @property {() => Image} image
 * @property {(id: string) => TmRecord | undefined} get
 * @property {() => string} me
 * @property {() => number} now
 * @property {() => string} newId
 *
 * @typedef {object} Acts
 * @property {(id: string, more?: { words?: string, asRole?: string }) =>
 *   string} sign  answers the sign-off's id
 * @property {(conflict: string, values: Record<string, unknown>) =>
 *   void} decide
 * @property {(amendment: string, decision: 'accept' | 'decline',
 *   reason?: string) => void} settle
 * @property {(id: string, reason: string, to?: string) => void} reopen
 * @property {(id: string) => void} share
 * @property {(into: string, from: string) => void} join
 * @property {(id: string, entry: { field: string, value: unknown }) =>
 *   void} bringBack
 *
 * @typedef {(c: BasicChange, wishes: Wish[]) => Acts} MakeActs
 *
 * @typedef {{ desk: Desk, c: BasicChange, wishes: Wish[] }} Making
 */

/** @param {Desk} desk @param {string} id @param {string} [type]
 * @returns {TmRecord} */
function known(desk, id, type) {
  const record = desk.get(id)
  if (!record || (type && record.type !== type)) {
    return fail('unknown_record', `no ${type ?? 'record'} ${id} here`)
  }
  return record
}

/* ---- Signing ---- */

/** A record and what is signed with it, as confirmed here.
 * @param {Desk} desk @param {string} id @returns {Stored[]} */
export function signedTogether({ image, catalog }, id) {
  /** @param {Stored} stored */
  const isWith = (stored) => {
    const type = catalog.typeNo(stored.type)
    const above = type?.fields.get(type.signedWith ?? '')
    return above !== undefined && stored.fields[above.no]?.value === id
  }
  const { records } = image()
  const own = records.get(id)
  if (!own) return []
  const all = [...records.values()].filter(
    (stored) => stored.bucket === own.bucket && isWith(stored),
  )
  return [own, ...all]
}

/** @param {readonly Stored[]} all */
const versionOf = (all) =>
  Math.max(
    0,
    ...all.map(({ fields }) =>
      Math.max(0, ...Object.values(fields).map(({ v }) => v)),
    ),
  )

/** @param {Readonly<Record<string, unknown>>} fields */
const sorted = (fields) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== 'state')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** The fingerprint of what is on the screen.
 * @param {Desk} desk @param {readonly Stored[]} all */
function fingerprint(desk, all) {
  const shown = all
    .map(({ id }) => desk.get(id))
    .filter((record) => record && !record.deleted)
    .map((record) => /** @type {TmRecord} */ (record))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, type, fields }) => ({ id, type, fields: sorted(fields) }))
  return toHex(sha256(new TextEncoder().encode(JSON.stringify(shown))))
}

/** @param {Making} making @param {string} id
 * @param {{ words?: string, asRole?: string }} [more] */
function sign({ desk, c, wishes }, id, { words, asRole } = {}) {
  const record = known(desk, id)
  if (!desk.catalog.type(record.type).isSigned) {
    fail('bad_op', `a ${record.type} is not signed`)
  }
  const all = signedTogether(desk, id)
  const revision = record.fields.revision ?? 1
  const by = desk.me()
  const natural = naturalId('signoff', [id, String(revision), by])
  // Signed before and not taken effect: once more, beside the first.
  const signoff = desk.get(natural) ? desk.newId() : natural
  const seen = versionOf(all)
  c.create('signoff', record.bucket, {}, signoff)
  const fields = {
    record: id,
    revision,
    content_hash: fingerprint(desk, all),
    by,
    as_role: asRole,
    at: desk.now(),
    words,
  }
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue
    wishes.push({ do: 'set', record: signoff, field, value, seen })
  }
  return signoff
}

/* ---- Deciding ---- */

/** @param {unknown} text @returns {any} a document's content, or null */
export function parsed(text) {
  try {
    return JSON.parse(String(text))
  } catch {
    return null
  }
}

/** @param {Making} making @param {string} id
 * @param {Record<string, unknown>} values */
function decide({ desk, wishes }, id, values) {
  const conflict = known(desk, id, 'conflict')
  const record = known(desk, conflict.fields.record)
  const type = desk.catalog.type(record.type)
  const unit = [...type.fields.values()].filter(
    ({ unitName }) => unitName === conflict.fields.field,
  )
  const judged = unit.filter(({ rule }) => rule === 'ask')
  const isKnown = (/** @type {string} */ name) =>
    unit.some((field) => field.name === name)
  if (!Object.keys(values).every(isKnown)) {
    fail('unknown_field', `not a part of ${conflict.fields.field}`)
  }
  if (!judged.some(({ name }) => name in values)) {
    fail('bad_value', `${conflict.fields.field}: nothing was chosen`)
  }
  const versions = parsed(conflict.fields.values) ?? []
  const seen = Math.max(
    0,
    ...versions.map((/** @type {any} */ one) => one.version),
  )
  for (const { name: field } of unit) {
    if (!(field in values)) continue
    wishes.push({
      do: 'set',
      record: record.id,
      field,
      value: values[field],
      seen,
    })
  }
}

/** @param {Making} making @param {string} id
 * @param {'accept' | 'decline'} decision @param {string} [reason] */
function settle({ desk, c }, id, decision, reason) {
  const amendment = known(desk, id, 'amendment')
  if (amendment.fields.decision) {
    fail('once', 'this late change has been decided about')
  }
  c.set(id, 'decision', decision)
  if (reason) c.set(id, 'reason', reason)
}

/* ---- A record's life ---- */

/** @param {Making} making @param {string} id @param {string} reason
 * @param {string} [to] */
function reopen({ desk, c, wishes }, id, reason, to) {
  const record = known(desk, id)
  const { rank, isSigned } = desk.catalog.type(record.type)
  if (!rank?.reopenedBy) {
    return fail('bad_op', `a ${record.type} is not reopened`)
  }
  if (isSigned && !reason) fail('bad_value', 'reopening needs a reason')
  const round = Number(record.fields[rank.reopenedBy] ?? (isSigned ? 1 : 0))
  c.set(id, rank.name, to ?? rank.order?.[0])
  // A raise has seen something, also when there was no round to see.
  const hasRound = record.fields[rank.reopenedBy] !== undefined
  const seen = hasRound ? 0 : record.meta[rank.name]?.version
  const raise = { record: id, field: rank.reopenedBy, value: round + 1, seen }
  wishes.push({ do: 'set', ...raise })
  if (!reason) return
  c.create('response', record.bucket, {
    parent: id,
    kind: 'reopened',
    text: reason,
    by: desk.me(),
  })
}

/** @param {Making} making @param {string} id */
function share({ desk, c }, id) {
  const { type } = known(desk, id)
  const { rank, isSigned } = desk.catalog.type(type)
  if (!rank || !isSigned) return fail('bad_op', `a ${type} is not shared`)
  c.set(id, rank.name, 'shared')
}

/* ---- Two that are one; what was there before ---- */

/** @param {BasicChange} c @param {TmRecord} into @param {Field} field
 * @param {any} value */
function joinField(c, into, field, value) {
  const have = into.fields[field.name]
  if (field.rule === 'set') c.add(into.id, field.name, ...value)
  else if (have === undefined) c.set(into.id, field.name, value)
  else if (field.rule === 'text' && !have.includes(value)) {
    c.text(into.id, field.name, `${have}\n\n${value}`)
  }
}

/** What is only in the second goes into the first, its texts below those of
 * the first; then the second is deleted.
 * @param {Making} making @param {string} into @param {string} from */
function join({ desk, c }, into, from) {
  const first = known(desk, into)
  const second = known(desk, from, first.type)
  const type = desk.catalog.type(first.type)
  if (into === from) fail('bad_value', 'a record is not joined with itself')
  for (const [name, value] of Object.entries(second.fields)) {
    const field = type.fields.get(name)
    if (field) joinField(c, first, field, value)
  }
  c.delete(from)
}

/** @param {Making} making @param {string} id
 * @param {{ field: string, value: unknown }} entry  of tm.history() */
function bringBack({ desk, c }, id, { field, value }) {
  known(desk, id)
  if (field !== 'record') c.set(id, field, value ?? undefined)
  else if (value) c.restore(id)
  else c.delete(id)
}

/** @param {Desk} desk @returns {MakeActs} */
export const actsOf = (desk) => (c, wishes) => {
  const making = { desk, c, wishes }
  return {
    sign: (id, more) => sign(making, id, more),
    decide: (conflict, values) => decide(making, conflict, values),
    settle: (amendment, decision, reason) =>
      settle(making, amendment, decision, reason),
    reopen: (id, reason, to) => reopen(making, id, reason, to),
    share: (id) => share(making, id),
    join: (into, from) => join(making, into, from),
    bringBack: (id, entry) => bringBack(making, id, entry),
  }
}
