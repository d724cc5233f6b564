// @ts-check
/**
 * All records, as the screen shows them (record.js): made when somebody looks,
 * kept until something of theirs moves.
 *
 * A live query is run with its reads noted: which records (their ids), which
 * types (':visit'), what else ('#status', '#scope'). It is run again, once per
 * microtask at most, only when one of those has moved.
 */

import { makeRecord } from './record.js'
import { safely } from './fault.js'

/**
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./catalog.js').Catalog} Catalog
 * @typedef {import('./record.js').TmRecord} TmRecord
 *
 * @typedef {object} Query
 * @property {() => any} read
 * @property {(value: any) => void} callback
 * @property {Set<string>} reads
 * @property {boolean} isStopped
 *
 * @typedef {object} State
 * @property {() => Image} image
 * @property {Catalog} catalog
 * @property {() => string} me
 * @property {(work: () => void) => void} soon
 * @property {Map<string, TmRecord | undefined>} made
 * @property {Map<string, Set<string>>} byType  ids
 * @property {boolean} isIndexed  byType is filled
 * @property {Map<string, Set<string>> | null} asked  record → the fields and
 *   groups about which a conflict is open; null: to be looked up
 * @property {Set<Query>} queries
 * @property {Set<Query>} due
 * @property {Query | null} reading  whose reads are being noted
 */

/** @param {readonly import('./store.js').Op[]} ops @param {Image} image  before
 *   them
 * @returns {Set<string>} ids of records that may look different */
export function touchedBy(ops, image) {
  /** @type {Set<string>} */
  const ids = new Set()
  for (const op of ops) {
    if (op.table === 'records')
      ids.add(String('put' in op ? op.put.id : op.drop))
    if (op.table === 'outbox') {
      const seq = Number('put' in op ? op.put.seq : op.drop)
      const all = ['put' in op ? op.put : null, image.outbox.get(seq)]
      for (const pending of all) {
        for (const touch of pending?.touches ?? []) ids.add(touch.record)
      }
    }
    if (op.table === 'held' && 'put' in op) ids.add(op.put.record)
  }
  return ids
}

/** @param {State} s @param {string} id @returns {string | undefined} */
function typeOf(s, id) {
  const image = s.image()
  let no = image.records.get(id)?.type
  if (no === undefined) {
    const [seq] = image.pendingOf.get(id) ?? []
    const touches = seq === undefined ? [] : image.outbox.get(seq)?.touches
    no = touches?.find((touch) => touch.record === id)?.type
  }
  return no === undefined ? undefined : s.catalog.typeNo(no)?.name
}

/** @param {State} s @param {string} id */
function index(s, id) {
  const name = typeOf(s, id)
  if (name === undefined) {
    for (const ids of s.byType.values()) ids.delete(id)
    return
  }
  const ids = s.byType.get(name) ?? new Set()
  s.byType.set(name, ids.add(id))
}

/** @param {State} s */
function indexAll(s) {
  if (s.isIndexed) return
  s.isIndexed = true
  const image = s.image()
  for (const id of image.records.keys()) index(s, id)
  for (const id of image.pendingOf.keys()) index(s, id)
}

/** @param {State} s @param {Query} query */
function runQuery(s, query) {
  query.reads = new Set()
  const outer = s.reading
  s.reading = query
  let value
  try {
    value = query.read()
  } finally {
    s.reading = outer
  }
  query.callback(value)
}

/** @param {State} s */
function runDue(s) {
  const now = [...s.due]
  s.due.clear()
  for (const query of now) {
    if (!query.isStopped) safely(() => runQuery(s, query))
  }
}

/** @param {State} s @param {Query} query */
function schedule(s, query) {
  if (!s.due.size) s.soon(() => runDue(s))
  s.due.add(query)
}

/** @param {State} s @param {ReadonlySet<string>} what */
function stir(s, what) {
  for (const query of s.queries) {
    if ([...query.reads].some((read) => what.has(read))) schedule(s, query)
  }
}

const NOTHING = /** @type {ReadonlySet<string>} */ (new Set())

/** What a conflict is about; undefined: it is none.
 * @param {State} s @param {string} id */
function conflictOf(s, id) {
  const stored = s.image().records.get(id)
  const type = stored && s.catalog.typeNo(stored.type)
  if (!stored || type?.name !== 'conflict') return undefined
  const value = (/** @type {string} */ name) =>
    stored.fields[type.fields.get(name)?.no ?? -1]?.value
  const isOpen = value('decided') == null && stored.fields[0]?.value !== false
  return {
    record: String(value('record')),
    field: String(value('field')),
    isOpen,
  }
}

/** Which of its fields and groups wait for a decision. A row's own flag does
 * not say: it does not come again when the question is asked, or answered.
 * @param {State} s @param {string} id */
function askedOf(s, id) {
  if (!s.asked) {
    indexAll(s)
    s.asked = new Map()
    for (const one of s.byType.get('conflict') ?? []) {
      const about = conflictOf(s, one)
      if (!about?.isOpen) continue
      const fields = s.asked.get(about.record) ?? new Set()
      s.asked.set(about.record, fields.add(about.field))
    }
  }
  return s.asked.get(id) ?? NOTHING
}

/** @param {State} s @param {string} id @returns {TmRecord | undefined} */
function get(s, id) {
  s.reading?.reads.add(id)
  if (!s.made.has(id)) {
    const asked = askedOf(s, id)
    s.made.set(id, makeRecord(s.image(), s.catalog, id, s.me(), asked))
  }
  return s.made.get(id)
}

/** @param {State} s @param {string} type
 * @param {(record: TmRecord) => boolean} [filter] @returns {TmRecord[]} */
function list(s, type, filter) {
  indexAll(s)
  const outer = s.reading
  outer?.reads.add(`:${type}`)
  s.reading = null // the type covers its records
  /** @type {TmRecord[]} */
  const out = []
  for (const id of s.byType.get(type) ?? []) {
    const record = get(s, id)
    if (record && !record.deleted) out.push(record)
  }
  s.reading = outer // what the filter reads counts
  return filter ? out.filter(filter) : out
}

/** @param {State} s @param {Iterable<string>} ids */
function touched(s, ids) {
  /** @type {Set<string>} */
  const what = new Set()
  const all = new Set(ids)
  for (const id of ids) {
    const about = conflictOf(s, id)
    if (!about) continue
    s.asked = null
    all.add(about.record)
  }
  for (const id of all) {
    s.made.delete(id)
    what.add(id)
    if (s.isIndexed) {
      for (const [name, all] of s.byType) if (all.has(id)) what.add(`:${name}`)
      index(s, id)
    }
    const name = typeOf(s, id)
    if (name) what.add(`:${name}`)
  }
  if (what.size) stir(s, what)
}

/** Browsers refuse their own as a method of ours. @param {() => void} work */
const microtask = (work) => queueMicrotask(work)

/**
 * @param {() => Image} image @param {Catalog} catalog
 * @param {() => string} me
 * @param {(work: () => void) => void} [soon]
 */
export function createRecords(image, catalog, me, soon = microtask) {
  /** @type {State} */
  const s = {
    image,
    catalog,
    me,
    soon,
    made: new Map(),
    byType: new Map(),
    isIndexed: false,
    asked: null,
    queries: new Set(),
    due: new Set(),
    reading: null,
  }
  return {
    /** @param {string} id */
    get: (id) => get(s, id),
    /** @param {string} type @param {(record: TmRecord) => boolean} [filter] */
    list: (type, filter) => list(s, type, filter),
    /** @template T @param {() => T} read @param {(value: T) => void} callback
     * @returns {() => void} stop */
    live: (read, callback) => {
      /** @type {Query} */
      const query = { read, callback, reads: new Set(), isStopped: false }
      runQuery(s, query)
      s.queries.add(query)
      return () => {
        query.isStopped = true
        s.queries.delete(query)
      }
    },
    /** A live query reads this too. @param {string} what */
    note: (what) => void s.reading?.reads.add(what),
    /** These may look different. @param {Iterable<string>} ids */
    touched: (ids) => touched(s, ids),
    /** Something else has moved. @param {string} what */
    stir: (what) => stir(s, new Set([what])),
    /** Everything may have moved. */
    reset: () => {
      s.made.clear()
      s.byType.clear()
      s.isIndexed = false
      s.asked = null
      for (const query of s.queries) schedule(s, query)
    },
  }
}
