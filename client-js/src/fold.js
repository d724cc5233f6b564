// @ts-check
/**
 * What the server says has become true, folded into the confirmed records.
 *
 * A row counts if its version is greater than the one we have, so that any
 * message may come twice and in any cut. While a bucket is being *healed* (its
 * sum did not agree and it is being fetched again) the server's row counts
 * whatever we have, and we note which rows came: the others go at the end.
 */

import { ROW_DELTA } from './segment.js'
import { apply } from './text.js'
import { confirmedText } from './texts.js'
import { unitKey } from './image.js'

/**
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Stored} Stored
 * @typedef {import('./image.js').Row} Row
 * @typedef {import('./segment.js').Group} Group
 * @typedef {ReadonlyMap<string, ReadonlySet<number>>} Came  record → fields
 */

/** The row's value, or undefined when it builds on what we have not got.
 * @param {Stored} record @param {import('./segment.js').Row} row */
function valueOf(record, row) {
  if (!(row.flags & ROW_DELTA)) return row.value
  if ((record.fields[row.field]?.v ?? 0) !== row.prev) return undefined
  try {
    return apply(confirmedText(record, row.field), row.value) || null
  } catch {
    return undefined // it does not fit: what we have is not what it was
  }
}

/** @param {Stored} record changed in place @param {Group} group
 * @param {boolean} healing @param {Set<string>} folded
 * @returns {boolean} false: something was missing */
function foldGroup(record, group, healing, folded) {
  let whole = true
  for (const row of group.rows) {
    const have = record.fields[row.field]?.v ?? 0
    if (healing ? row.version === have : row.version <= have) continue
    const value = valueOf(record, row)
    if (value === undefined) {
      whole = false
      continue
    }
    record.fields[row.field] = {
      v: row.version,
      value,
      at: row.at,
      by: row.author,
      flags: row.flags & ~ROW_DELTA,
    }
    folded.add(unitKey(record.id, row.field))
    if (row.field === 0 && !record.born) {
      record.born = { by: row.author, at: row.at }
    }
  }
  return whole
}

/**
 * @param {Draft} draft @param {number} bucket
 * @param {readonly Group[]} groups
 * @param {Map<string, Set<number>> | undefined} came  filled while healing
 * @returns {{ whole: boolean, fields: Set<string>, records: Set<string> }}
 *   what moved; not whole: fetch the bucket again
 */
export function foldGroups(draft, bucket, groups, came) {
  /** @type {Map<string, Stored>} */
  const touched = new Map()
  /** @type {Set<string>} */
  const fields = new Set()
  let whole = true
  for (const group of groups) {
    const id = group.record
    let record = touched.get(id)
    if (!record) {
      const was = draft.record(id)
      record = was
        ? { ...was, fields: { ...was.fields } }
        : { id, type: group.type, bucket, fields: {}, born: null }
      touched.set(id, record)
    }
    whole = foldGroup(record, group, came !== undefined, fields) && whole
    if (!came) continue
    const noted = came.get(id) ?? new Set()
    for (const row of group.rows) noted.add(row.field)
    came.set(id, noted)
  }
  for (const record of touched.values()) {
    if (Object.keys(record.fields).length) draft.put('records', record)
  }
  return { whole, fields, records: new Set(touched.keys()) }
}

/** A bucket is no longer ours. @param {Draft} draft @param {number} bucket */
export function purgeBucket(draft, bucket) {
  for (const record of draft.inBucket(bucket)) draft.drop('records', record.id)
}

/** What did not come again is not there any more.
 * @param {Draft} draft @param {number} bucket @param {Came} came */
export function keepOnly(draft, bucket, came) {
  for (const record of draft.inBucket(bucket)) {
    const kept = came.get(record.id)
    const all = Object.entries(record.fields)
    const fields = all.filter(([field]) => kept?.has(Number(field)))
    if (fields.length === all.length) continue
    if (fields.length) {
      draft.put('records', { ...record, fields: Object.fromEntries(fields) })
    } else {
      draft.drop('records', record.id)
    }
  }
}
