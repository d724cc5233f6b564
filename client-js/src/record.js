// @ts-check
/**
 * What the screen shows of a record: what is confirmed with our own pending
 * changes replayed on top, as a frozen plain object.
 */

import { asSet } from './catalog.js'
import { chainOf, shownText } from './texts.js'
import { createDraft } from './image.js'
import { ROW_CHECK_WORDING, ROW_MERGED } from './segment.js'

/**
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./image.js').Row} Row
 * @typedef {import('./image.js').Edit} Edit
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./catalog.js').Catalog} Catalog
 * @typedef {import('./catalog.js').Type} Type
 * @typedef {import('./catalog.js').Field} Field
 *
 * @typedef {object} Meta
 * @property {number} version
 * @property {string | null} by
 * @property {number} at
 * @property {boolean} pending
 * @property {boolean} checkWording
 * @property {boolean} conflict
 * @property {boolean} merged
 *
 * @typedef {object} TmRecord
 * @property {string} id
 * @property {string} type
 * @property {string} bucket
 * @property {Readonly<Record<string, any>>} fields
 * @property {boolean} deleted
 * @property {boolean} pending
 * @property {{ by: string | null, at: number }} created
 * @property {{ by: string | null, at: number }} changed
 * @property {Readonly<Record<string, Meta>>} meta
 */

/**
 * @typedef {object} Making  a record being put together
 * @property {Map<number, any>} values
 * @property {Map<number, Row>} rows
 * @property {Map<number, number>} pendingAt  field → when
 * @property {boolean} alive
 */

/** @param {Making} making @param {Edit} edit */
function replay(making, edit) {
  const { values } = making
  const have = values.get(edit.field) ?? null
  switch (edit.op) {
    case 'create':
      return // whether it lives, later changes say
    case 'delete':
      making.alive = false
      return
    case 'restore':
      making.alive = true
      return
    case 'set':
      values.set(edit.field, edit.value)
      return
    case 'add':
      values.set(edit.field, asSet([...(have ?? []), ...edit.value]))
      return
    case 'remove':
      values.set(
        edit.field,
        (have ?? []).filter(
          (/** @type {string} */ e) => !edit.value.includes(e),
        ),
      )
      return
    case 'text': // all of a text's edits at once: see below
  }
}

/** @param {Row | undefined} row @param {boolean} pending @param {number} at
 * @param {{ me: string, conflict: boolean }} more @returns {Meta} */
const metaOf = (row, pending, at, { me, conflict }) =>
  Object.freeze({
    version: row?.v ?? 0,
    by: pending ? me : (row?.by ?? null),
    at: pending ? at : (row?.at ?? 0),
    pending,
    checkWording: Boolean((row?.flags ?? 0) & ROW_CHECK_WORDING),
    conflict,
    merged: Boolean((row?.flags ?? 0) & ROW_MERGED),
  })

/** @param {any} value */
const isEmpty = (value) =>
  value === null || value === undefined || value === '' || value.length === 0

/** @param {any} value */
const frozen = (value) => (Array.isArray(value) ? Object.freeze(value) : value)

/** Names by number, once for each scope. @type {WeakMap<any, Map<number, string>>} */
const scopeNames = new WeakMap()

/** @param {Image} image @param {number | string} bucket @returns {string} */
function bucketName(image, bucket) {
  if (typeof bucket === 'string') return bucket
  const scope = image.meta.get('scope')
  if (!scope) return `#${bucket}`
  let names = scopeNames.get(scope)
  if (!names) {
    names = new Map(
      scope.buckets.map((/** @type {any} */ b) => [b.bucket, b.name]),
    )
    scopeNames.set(scope, names)
  }
  return names.get(bucket) ?? `#${bucket}`
}

/** @param {Making} making @param {string} id @param {Pending[]} pendings */
function replayEdits(making, id, pendings) {
  for (const pending of pendings) {
    for (const touch of pending.touches) {
      if (touch.record !== id) continue
      for (const edit of touch.edits) {
        if (edit.back) continue
        replay(making, edit)
        making.pendingAt.set(edit.field, pending.at)
        if (edit.base === undefined) continue
        if (making.values.get(edit.field) === undefined) {
          making.values.set(edit.field, null)
        }
      }
    }
  }
}

/** Fields of a newer schema than ours have no name here, and are kept.
 * @param {Making} making @param {Type} type @param {string} me
 * @param {ReadonlySet<string>} asked */
function named(making, type, me, asked) {
  /** @type {Record<string, any>} */
  const fields = {}
  /** @type {Record<string, Meta>} */
  const meta = {}
  for (const [no, value] of making.values) {
    const field = type.byNo.get(no)
    if (!field) continue
    const { name } = field
    const at = making.pendingAt.get(no)
    if (!isEmpty(value)) fields[name] = frozen(value)
    const more = { me, conflict: asked.has(field.unitName) }
    meta[name] = metaOf(making.rows.get(no), at !== undefined, at ?? 0, more)
  }
  return { fields: Object.freeze(fields), meta: Object.freeze(meta) }
}

/** The newest of these. @param {{ by: string | null, at: number }[]} all */
function latest(all) {
  const first = { by: null, at: 0 }
  return all.reduce((a, b) => (b.at >= a.at ? b : a), first)
}

/** Our own changes, on top of what is confirmed. @param {Making} making
 * @param {Image} image @param {string} id @param {Pending[]} pendings */
function replayAll(making, image, id, pendings) {
  if (!pendings.length) return
  replayEdits(making, id, pendings)
  const draft = createDraft(image)
  for (const [no, value] of making.values) {
    const chain = chainOf(draft, id, no)
    if (chain.length) making.values.set(no, shownText(value ?? '', chain))
  }
}

/** Our changes of a record that are not back, in order.
 * @param {Image} image @param {string} id @returns {Pending[]} */
function pendingsOf(image, id) {
  const seqs = image.pendingOf.get(id)
  if (!seqs) return []
  return [...seqs]
    .sort((a, b) => a - b)
    .map((seq) => /** @type {Pending} */ (image.outbox.get(seq)))
}

/** @param {import('./image.js').Stored | undefined} stored @returns {Making} */
function startMaking(stored) {
  /** @type {Making} */
  const making = {
    values: new Map(),
    rows: new Map(),
    pendingAt: new Map(),
    alive: stored?.fields[0]?.value !== false,
  }
  for (const [key, row] of Object.entries(stored?.fields ?? {})) {
    making.rows.set(Number(key), row)
    if (key !== '0') making.values.set(Number(key), row.value)
  }
  return making
}

/**
 * @param {Image} image @param {Catalog} catalog @param {string} id
 * @param {string} me
 * @param {ReadonlySet<string>} asked  fields and groups with an open conflict
 * @returns {TmRecord | undefined}
 */
export function makeRecord(image, catalog, id, me, asked) {
  const stored = image.records.get(id)
  const pendings = pendingsOf(image, id)
  const begun = pendings
    .flatMap((pending) => pending.touches)
    .find((touch) => touch.record === id)
  const from = stored ?? begun
  const type = from && catalog.typeNo(from.type)
  if (!from || !type) return undefined
  const making = startMaking(stored)
  replayAll(making, image, id, pendings)
  const created = stored?.born ?? { by: me, at: pendings[0]?.at ?? 0 }
  const changes = [
    created,
    ...[...making.rows.values()].map(({ by, at }) => ({ by, at })),
    ...pendings.map(({ at }) => ({ by: me, at })),
  ]
  return Object.freeze({
    id,
    type: type.name,
    bucket: bucketName(image, from.bucket),
    ...named(making, type, me, asked),
    deleted: !making.alive,
    pending: pendings.length > 0,
    created: Object.freeze({ ...created }),
    changed: Object.freeze(latest(changes)),
  })
}
