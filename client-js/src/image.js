// @ts-check
/**
 * What a device knows, in memory: the store's five tables and what follows
 * from them.
 *
 *     sums      per bucket, the count and sum of PROTOCOL.md section 5,
 *               kept rolling so that a checkpoint costs nothing
 *     pendingOf which of our changes touch a record
 *     past      texts that a screen may still show: see below
 *
 * The image changes by operations only, the same ones that the store is given,
 * and each application says how to take it back: when the store refuses a
 * write, the image is as it was.
 *
 * A *draft* reads the image through a list of operations not yet applied. All
 * thinking (replica.js) is done in a draft and leaves the image alone.
 *
 * `past` lists, for a text field, older texts with the `seen` that an edit on
 * them must carry: what the screen showed before somebody else's words came,
 * or our own words as they were before the server merged them. An author who
 * typed on from there gets a delta on exactly that text. It is not kept over a
 * restart; then the delta is made against what is shown.
 */

import { sumAdd, sumSub } from './hash.js'
import { KEY_OF, emptyTables } from './store.js'

const PAST_MAX = 4

/**
 * @typedef {import('./store.js').Op} Op
 * @typedef {import('./store.js').Table} Table
 * @typedef {import('./store.js').Key} Key
 *
 * @typedef {string | number | boolean | string[] | null} Value  refs are UUIDs
 *
 * @typedef {object} Row  the newest confirmed version of one field
 * @property {number} v  version
 * @property {Value} value  null: empty
 * @property {number} at
 * @property {string | null} by  null: the server
 * @property {number} flags
 *
 * @typedef {object} Stored  a record as confirmed
 * @property {string} id
 * @property {number} type
 * @property {number} bucket
 * @property {Record<number, Row>} fields
 * @property {{ by: string | null, at: number } | null} born
 *
 * @typedef {object} Edit
 * @property {import('./change.js').Op} op
 * @property {number} field
 * @property {number} seen
 * @property {any} value    set: a Value; text: a delta; create: the type
 * @property {string} [base]  text: what the delta was made on
 * @property {boolean} [back] its field has come since: not shown on top
 *
 * @typedef {object} Touch
 * @property {number | string} bucket  its number, or its name when it has none
 * @property {string} record
 * @property {number} type
 * @property {Edit[]} edits
 *
 * @typedef {object} Pending  a change of ours that is not back yet
 * @property {number} seq
 * @property {number} at
 * @property {Uint8Array} bytes
 * @property {Touch[]} touches
 * @property {string[]} tags    the app's own names for what it saved
 * @property {boolean} sealed   it may have been sent: never altered again
 * @property {number} version   of its outcome; 0: not consumed
 * @property {'outcome' | 'welcome' | null} told  what said so
 * @property {boolean} held     it did not become true
 * @property {boolean} cleared  it is back; kept only to keep the order
 * @property {number} [fork]    made on a timeline that the server has left;
 *   the two agree up to here. To be made anew (replica-timeline.js)
 *
 * @typedef {object} Held
 * @property {string} key
 * @property {number} seq
 * @property {number} at
 * @property {string} record
 * @property {string | null} field
 * @property {string} reason
 *
 * @typedef {object} Kept  a change of ours that is back (kept.js)
 * @property {string} key       incarnation/seq
 * @property {number} incarnation
 * @property {number} seq
 * @property {number} at
 * @property {number} since     when it was back
 * @property {number} version   of its last edit, or one after it
 * @property {number} size      about how many bytes it takes
 * @property {Touch[]} touches
 * @property {Uint8Array} bytes
 *
 * @typedef {{ count: number, low: number, high: number }} Sum
 * @typedef {{ text: string, seen: number }} Past
 *
 * @typedef {object} Image
 * @property {number} revision
 * @property {Map<string, Stored>} records
 * @property {Map<number, Pending>} outbox
 * @property {Map<string, Held>} held
 * @property {Map<string, Kept>} kept
 * @property {Map<string, any>} meta
 * @property {Map<number, Sum>} sums
 * @property {Map<string, Set<number>>} pendingOf
 * @property {Map<string, Past[]>} past
 * @property {(type: number, field: number) => boolean} isText
 */

const NO_SUM = Object.freeze({ count: 0, low: 0, high: 0 })

/**
 * @param {Map<number, Sum>} sums changed in place, its values not
 * @param {Stored | undefined} was @param {Stored | undefined} now
 */
function moveSums(sums, was, now) {
  for (const [record, other, sign] of [
    /** @type {const} */ ([was, now, -1]),
    /** @type {const} */ ([now, was, 1]),
  ]) {
    if (!record) continue
    let sum = sums.get(record.bucket) ?? NO_SUM
    const move = sign > 0 ? sumAdd : sumSub
    const same = other?.bucket === record.bucket ? other : undefined
    for (const [key, row] of Object.entries(record.fields)) {
      const field = Number(key)
      if (same?.fields[field]?.v === row.v) continue
      const count = sum.count + sign
      sum = { count, ...move(sum, record.id, field, row.v) }
    }
    sums.set(record.bucket, sum)
  }
}

/** @param {Map<string, Set<number>>} index @param {Pending} pending
 * @param {boolean} present */
function indexPending(index, pending, present) {
  for (const { record } of pending.touches) {
    const seqs = index.get(record) ?? new Set()
    if (present) seqs.add(pending.seq)
    else seqs.delete(pending.seq)
    if (seqs.size) index.set(record, seqs)
    else index.delete(record)
  }
}

/** @param {string} record @param {number} field */
export const unitKey = (record, field) => `${record}/${field}`

/** @param {Image} image @param {Stored} was @param {Stored} now */
function rememberTexts(image, was, now) {
  for (const [key, row] of Object.entries(now.fields)) {
    const field = Number(key)
    const old = was.fields[field]
    if (!old || old.v === row.v || !image.isText(now.type, field)) continue
    const place = unitKey(now.id, field)
    const list = image.past.get(place) ?? []
    const text = typeof old.value === 'string' ? old.value : ''
    image.past.set(place, [...list, { text, seen: old.v }].slice(-PAST_MAX))
  }
}

/** Our own words are back: only they may still stand on a screen.
 * @param {Image} image @param {Pending} pending
 * @param {(base: string, delta: any) => string} apply */
function rememberOwn(image, pending, apply) {
  for (const touch of pending.touches) {
    for (const edit of touch.edits) {
      if (edit.base === undefined) continue
      const text = apply(edit.base, edit.value)
      const place = unitKey(touch.record, edit.field)
      image.past.set(place, [{ text, seen: edit.seen }])
    }
  }
}

/**
 * @param {import('./store.js').Contents} contents
 * @param {{ isText: Image['isText'] }} options
 * @returns {Image}
 */
export function createImage(contents, { isText }) {
  const tables = emptyTables()
  /** @type {Image} */
  const image = {
    revision: contents.revision,
    records: /** @type {any} */ (tables.records),
    outbox: /** @type {any} */ (tables.outbox),
    held: /** @type {any} */ (tables.held),
    kept: /** @type {any} */ (tables.kept),
    meta: /** @type {any} */ (tables.meta),
    sums: new Map(),
    pendingOf: new Map(),
    past: new Map(),
    isText,
  }
  for (const record of contents.records) {
    image.records.set(record.id, record)
    moveSums(image.sums, undefined, record)
  }
  for (const pending of contents.outbox) {
    image.outbox.set(pending.seq, pending)
    if (!pending.cleared) indexPending(image.pendingOf, pending, true)
  }
  for (const held of contents.held) image.held.set(held.key, held)
  for (const kept of contents.kept) image.kept.set(kept.key, kept)
  for (const entry of contents.meta) image.meta.set(entry.key, entry)
  return image
}

/**
 * @param {Image} image @param {readonly Op[]} ops
 * @param {(base: string, delta: any) => string} applyText
 * @returns {Op[]} what takes it back
 */
export function applyToImage(image, ops, applyText) {
  /** @type {Op[]} */
  const undo = []
  for (const op of ops) {
    const key = 'put' in op ? op.put[KEY_OF[op.table]] : op.drop
    const map = /** @type {Map<Key, any>} */ (image[op.table])
    const was = map.get(key)
    const now = 'put' in op ? op.put : undefined
    if (was !== undefined) undo.unshift({ table: op.table, put: was })
    else undo.unshift({ table: op.table, drop: key })
    if (op.table === 'records') {
      moveSums(image.sums, was, now)
      if (was && now) rememberTexts(image, was, now)
    }
    // Versions of another timeline say nothing about this one's.
    const isMoved = key === 'server' && was?.timeline !== now?.timeline
    if (op.table === 'meta' && isMoved) image.past.clear()
    if (op.table === 'outbox') {
      if (was && !was.cleared) indexPending(image.pendingOf, was, false)
      if (now && !now.cleared) indexPending(image.pendingOf, now, true)
      const isBack = now ? now.cleared && !now.held : 'drop' in op && op.back
      if (isBack && was && !was.cleared) rememberOwn(image, was, applyText)
    }
    if (now !== undefined) map.set(key, now)
    else map.delete(key)
  }
  return undo
}

/**
 * @typedef {object} Draft
 * @property {Image} image
 * @property {(id: string) => Stored | undefined} record
 * @property {(seq: number) => Pending | undefined} pending
 * @property {(key: string) => any} meta
 * @property {(id: string) => Pending[]} pendingOf  in order, not cleared
 * @property {() => Kept[]} kept  in the order in which they were made
 * @property {(bucket: number) => Sum} sum
 * @property {(bucket: number) => Stored[]} inBucket
 * @property {(table: Table, value: any) => void} put
 * @property {(table: Table, key: Key, back?: boolean) => void} drop
 * @property {() => Op[]} ops
 */

/** @param {Image} image @returns {Draft} */
export function createDraft(image) {
  const over = emptyTables()
  /** @type {Map<number, Sum>} */
  const sums = new Map()
  /** @type {Set<Key>} */
  const back = new Set()

  /** @param {Table} table @param {Key} key */
  const read = (table, key) => {
    const map = /** @type {Map<Key, any>} */ (image[table])
    return over[table].has(key) ? over[table].get(key) : map.get(key)
  }

  /** @param {Key} key @param {Stored | undefined} now */
  const move = (key, now) => {
    const was = read('records', key)
    for (const record of [was, now]) {
      if (!record || sums.has(record.bucket)) continue
      sums.set(record.bucket, image.sums.get(record.bucket) ?? NO_SUM)
    }
    moveSums(sums, was, now)
  }

  return {
    image,
    record: (id) => read('records', id),
    pending: (seq) => read('outbox', seq),
    meta: (key) => read('meta', key),
    pendingOf: (id) => {
      const seqs = new Set(image.pendingOf.get(id))
      for (const [seq, pending] of over.outbox) {
        if (pending?.touches.some((/** @type {Touch} */ t) => t.record === id))
          seqs.add(Number(seq))
      }
      return [...seqs]
        .sort((a, b) => a - b)
        .map((seq) => read('outbox', seq))
        .filter((pending) => pending && !pending.cleared)
    },
    kept: () => {
      const keys = new Set([...image.kept.keys(), ...over.kept.keys()])
      return [...keys]
        .map((key) => read('kept', key))
        .filter(Boolean)
        .sort((a, b) => a.incarnation - b.incarnation || a.seq - b.seq)
    },
    sum: (bucket) => sums.get(bucket) ?? image.sums.get(bucket) ?? NO_SUM,
    inBucket: (bucket) => {
      const ids = new Set([...image.records.keys(), ...over.records.keys()])
      return [...ids]
        .map((id) => read('records', id))
        .filter((record) => record?.bucket === bucket)
    },
    put: (table, value) => {
      const key = value[KEY_OF[table]]
      if (table === 'records') move(key, value)
      over[table].set(key, value)
    },
    drop: (table, key, isBack = false) => {
      if (table === 'records') move(key, undefined)
      if (isBack) back.add(key)
      over[table].set(key, undefined)
    },
    ops: () => {
      /** @type {Op[]} */
      const ops = []
      for (const table of /** @type {Table[]} */ (Object.keys(over))) {
        for (const [key, put] of over[table]) {
          if (put !== undefined) ops.push({ table, put })
          else if (!back.has(key)) ops.push({ table, drop: key })
          else ops.push({ table, drop: key, back: true })
        }
      }
      return ops
    },
  }
}
