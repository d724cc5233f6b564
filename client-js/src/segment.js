// @ts-check
/**
 * The body of a segment: the fields of one bucket that changed. The twin of
 * protocol/segment.h (PROTOCOL.md, section 4).
 *
 * @typedef {object} Row
 * @property {number} field
 * @property {number} version
 * @property {any} value         ids as UUIDs
 * @property {number} flags      a sum of ROW_…
 * @property {string | null} author  null: the server
 * @property {number} at
 * @property {number} prev       with ROW_DELTA: the version it builds on; or 0
 *
 * @typedef {object} Group
 * @property {string} record
 * @property {number} type
 * @property {string | null} author
 * @property {number} at
 * @property {readonly Row[]} rows
 */
import { refuse } from './err.js'
import { decodeRun, encode } from './pack.js'
import { id, idOrNil, int, items, uint, uint32, value } from './wire.js'
import { inflate } from './zip.js'

export const SEGMENT_BYTES_MAX = 1 << 20

export const ROW_DELTA = 1
export const ROW_CHECK_WORDING = 2
export const ROW_CONFLICT = 4
export const ROW_MERGED = 8

/** @typedef {import('./pack.js').Item} Item */

/**
 * @param {Item} item @param {number} base @param {string | null} author
 * @param {number} at @returns {Row}
 */
function readRow(item, base, author, at) {
  const [field, step, raw, flags, ...own] = items(item)
  /** @type {Row} */
  const row = {
    field: uint32.read(field),
    version: uint.read(base + uint.read(step)),
    value: value.read(raw),
    flags: 0,
    author,
    at,
    prev: 0,
  }
  if (flags === undefined) return row
  row.flags = uint32.read(flags)
  row.author = idOrNil.read(own[0])
  row.at = int.read(own[1])
  if (row.flags & ROW_DELTA) row.prev = uint.read(own[2])
  return row
}

/** @param {Item[]} group @returns {Group} */
function readGroup([record, type, by, time, first, ...rows]) {
  const author = idOrNil.read(by)
  const at = int.read(time)
  const base = uint.read(first)
  return {
    record: id.read(record),
    type: uint32.read(type),
    author,
    at,
    rows: rows.map((row) => readRow(row, base, author, at)),
  }
}

/** All groups of a plain body. @param {Uint8Array} body @returns {Group[]} */
export const readSegment = (body) =>
  body.length > SEGMENT_BYTES_MAX
    ? refuse('too_big')
    : decodeRun(body).map(readGroup)

/**
 * The plain bytes of a segment's body: at once, or once inflated.
 * @param {import('./message.js').Segment} segment
 * @returns {Uint8Array | Promise<Uint8Array>}
 */
export const plainBody = (segment) =>
  segment.codec === 1 ? inflate(segment.body, SEGMENT_BYTES_MAX) : segment.body

/** @param {Group} group @param {number} base @param {Row} row @returns {Item} */
function writeRow(group, base, row) {
  const brief = [row.field, row.version - base, value.write(row.value)]
  if (!row.flags && row.author === group.author && row.at === group.at)
    return brief
  const own = [...brief, row.flags, idOrNil.write(row.author), row.at]
  return row.flags & ROW_DELTA ? [...own, row.prev] : own
}

/** The bytes of one group. @param {Group} group */
export function writeGroup(group) {
  const base = Math.min(...group.rows.map((row) => row.version))
  return encode([
    id.write(group.record),
    group.type,
    idOrNil.write(group.author),
    group.at,
    base,
    ...group.rows.map((row) => writeRow(group, base, row)),
  ])
}
