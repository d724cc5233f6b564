// @ts-check
/**
 * What waits for a person: values that met, late changes, signatures to be
 * given again, two records that may be one, wording to look at. Oldest first.
 *
 * @typedef {{ kind: 'conflict' | 'late' | 'sign' | 'twins' | 'wording',
 *   key: string, record: string, field?: string, at: number, item?: any }} Ask
 */
import { aboutOf, isSigned, mayDecide, maySettle, maySign } from './rights.js'

/** @param {any} tm @returns {Ask[]} */
const conflicts = (tm) =>
  tm
    .conflicts()
    .filter((/** @type {any} */ c) => !c.answered && tm.get(c.record))
    .map((/** @type {any} */ item) => ({
      kind: 'conflict',
      key: item.id,
      record: item.record,
      field: item.field,
      at: item.found,
      item,
    }))

/** @param {any} tm @returns {Ask[]} */
const lateChanges = (tm) =>
  tm.amendments().map((/** @type {any} */ item) => ({
    kind: 'late',
    key: item.id,
    record: aboutOf(tm, item)?.id ?? item.record,
    at: item.made,
    item,
  }))

/** Signatures of ours that did not take effect. @param {any} tm
 *  @returns {Ask[]} */
function signatures(tm) {
  const mine = tm.list(
    'signoff',
    (/** @type {any} */ s) => s.fields.by === tm.person.id,
  )
  const ids = new Set(mine.map((/** @type {any} */ s) => s.fields.record))
  return [...ids].flatMap((id) => {
    const last = lastOf(tm, id)
    return last && ['sign_again', 'undecided'].includes(last.outcome)
      ? [{ kind: 'sign', key: last.id, record: id, at: last.at, item: last }]
      : []
  })
}

/** Our last signature of what a record is now. @param {any} tm
 *  @param {string} id */
export function lastOf(tm, id) {
  const record = tm.get(id)
  if (!record || record.deleted || isSigned(record)) return undefined
  const { revision = 1 } = record.fields
  return tm
    .signoffs(id)
    .find(
      (/** @type {any} */ s) =>
        s.by === tm.person.id && s.revision === revision,
    )
}

/** @param {any} record */
const lives = (record) => record && !record.deleted

/** @param {any} tm @param {string} [id] @returns {Ask[]} */
export const twins = (tm, id) =>
  tm
    .notices()
    .filter(
      (/** @type {any} */ n) =>
        n.kind === 'possible_duplicate' &&
        (!id || n.record === id || n.other === id) &&
        lives(tm.get(n.record)) &&
        lives(tm.get(n.other)),
    )
    .map((/** @type {any} */ item) => ({
      kind: 'twins',
      key: item.id,
      record: item.record,
      at: item.at,
      item,
    }))

/** @param {any} tm @returns {Ask[]} */
function wordings(tm) {
  return Object.keys(tm.schema.types)
    .filter((type) => textsOf(tm, type).length)
    .flatMap((type) => tm.list(type))
    .flatMap((record) => wordingsOf(tm, record))
}

/** @param {any} tm @param {string} type */
const textsOf = (tm, type) =>
  Object.entries(tm.schema.types[type].fields)
    .filter(([, { merge }]) => merge === 'text')
    .map(([name]) => name)

/** @param {any} tm @param {any} record @returns {Ask[]} */
const wordingsOf = (tm, record) =>
  textsOf(tm, record.type)
    .filter((field) => record.meta[field]?.checkWording)
    .map((field) => ({
      kind: 'wording',
      key: `${record.id}.${field}`,
      record: record.id,
      field,
      at: record.meta[field].at,
    }))

/** @param {Ask} a @param {Ask} b */
const oldest = (a, b) => a.at - b.at

/** All that waits for somebody. @param {any} tm @returns {Ask[]} */
export const allAsks = (tm) =>
  [...conflicts(tm), ...lateChanges(tm), ...twins(tm), ...wordings(tm)].sort(
    oldest,
  )

/** Is it for this person? @param {any} tm @param {Ask} ask */
function isMine(tm, { kind, record, item }) {
  const about = tm.get(record)
  const me = tm.person.id
  if (kind === 'conflict') return mayDecide(tm, item)
  if (kind === 'late') return maySettle(tm, item)
  if (kind === 'twins') return item.people.includes(me)
  if (!tm.may('write', about.type, about.bucket)) return false
  return about.fields.lead === me || about.created.by === me
}

/** What waits for the person at this device. @param {any} tm
 *  @returns {Ask[]} */
export const myAsks = (tm) =>
  [
    ...allAsks(tm).filter((ask) => isMine(tm, ask)),
    ...signatures(tm).filter(({ record }) => maySign(tm, tm.get(record))),
  ].sort(oldest)

/** What it asks, shortly. */
export const ASKED = {
  conflict: 'two answers',
  late: 'a late change',
  sign: 'sign again',
  twins: 'may be there twice',
  wording: 'check the wording',
}
export const ASK_ICON = {
  conflict: 'hand',
  late: 'clock',
  sign: 'pen',
  twins: 'merge',
  wording: 'talk',
}
