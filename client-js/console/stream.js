// @ts-check
/**
 * What came in: every save that still shows somewhere, newest first. A save is
 * the fields of one record that one person wrote at one moment; it is read
 * from the records here, so it also works without a network. What a save
 * replaced is in the record's history, which the server keeps.
 *
 * @typedef {{ key: string, record: any, by: string | undefined, at: number,
 *   version: number, fields: string[], created: boolean, pending: boolean,
 *   merged: boolean, conflict: boolean, checkWording: boolean }} Save
 */
import { personName, schoolName, schoolOf, titleOf } from '../ui/model.js'

// What the trust keeps for itself: not work that came in.
const OWN = new Set([
  'device',
  'conflict',
  'amendment',
  'audit_event',
  'role_assignment',
  'framework_version',
  'framework_statement',
  'term',
])

/** @param {any} record @returns {Save[]} */
export function savesOf(record) {
  /** @type {Map<string, Save>} */ const saves = new Map()
  for (const [field, meta] of Object.entries(record.meta)) {
    const key = `${record.id}/${meta.by}/${meta.at}`
    const save = saves.get(key) ?? {
      key,
      record,
      by: meta.by,
      at: meta.at,
      version: 0,
      fields: [],
      created: meta.at === record.created.at,
      pending: false,
      merged: false,
      conflict: false,
      checkWording: false,
    }
    save.fields.push(field)
    save.version = Math.max(save.version, meta.version ?? 0)
    save.pending ||= Boolean(meta.pending)
    save.merged ||= Boolean(meta.merged)
    save.conflict ||= Boolean(meta.conflict)
    save.checkWording ||= Boolean(meta.checkWording)
    saves.set(key, save)
  }
  return [...saves.values()]
}

/** Newest first: what has no version yet was written here just now.
 *  @param {Save} a @param {Save} b */
const newest = (a, b) =>
  Number(b.pending) - Number(a.pending) || b.version - a.version || b.at - a.at

/**
 * @param {any} tm
 * @param {{ school?: string, person?: string, type?: string, words?: string }} [asked]
 */
export function cameIn(tm, asked = {}) {
  const types = asked.type ? [asked.type] : Object.keys(tm.schema.types)
  const words = (asked.words ?? '').trim().toLowerCase()
  /** @type {Save[]} */ const out = []
  for (const type of types) {
    if (OWN.has(type)) continue
    for (const record of tm.list(type)) {
      if (asked.school && schoolOf(tm, record) !== asked.school) continue
      if (words && !holds(tm, record, words)) continue
      for (const save of savesOf(record)) {
        if (!asked.person || save.by === asked.person) out.push(save)
      }
    }
  }
  return out.sort(newest)
}

/** Do these words stand anywhere in the record? @param {any} tm
 *  @param {any} record @param {string} words */
export function holds(tm, record, words) {
  const text = [
    titleOf(tm, record),
    schoolOf(tm, record) ? schoolName(tm, schoolOf(tm, record)) : '',
    record.created.by ? personName(tm, record.created.by) : '',
    ...Object.values(record.fields).filter((v) => typeof v === 'string'),
  ]
    .join(' ')
    .toLowerCase()
  return words.split(/\s+/).every((word) => text.includes(word))
}
