// @ts-check
/**
 * The public face of the library: see README.md.
 *
 *     const tm = await open({ url, store, identity })
 */

import {
  changed,
  closeDevice,
  identityOf,
  openDevice,
  setProblem,
  talkOf,
} from './device.js'
import { actsOf } from './decide.js'
import {
  amendmentsOf,
  conflictsOf,
  isSettled,
  noticesOf,
  signoffsOf,
} from './asked.js'
import { fail, TidemarkError } from './fault.js'
import { heldOf, waitingOf, workStatusOf } from './status.js'
import { keyParts, mayDo } from './catalog.js'
import { namedId, naturalId, newId, randomBytes } from './id.js'
import { recordWishes } from './edits.js'
import { writeMessage } from './message.js'

export { enrol } from './enrol.js'
export { textAt, textChanges, valueAt } from './past.js'
export { TidemarkError }

/**
 * @typedef {import('./device.js').Device} Device
 * @typedef {import('./device.js').OpenOptions} OpenOptions
 * @typedef {import('./enrol.js').Identity} Identity
 * @typedef {import('./record.js').TmRecord} TmRecord
 * @typedef {import('./status.js').Status} Status
 * @typedef {import('./edits.js').Change} Change
 * @typedef {import('./asked.js').Conflict} Conflict
 * @typedef {import('./asked.js').Amendment} Amendment
 * @typedef {import('./asked.js').Notice} Notice
 * @typedef {import('./asked.js').Signoff} Signoff
 *
 * @typedef {object} HistoryEntry
 * @property {string} field  its name; 'record' for the record's existence
 * @property {number} version
 * @property {'applied' | 'merged' | 'overtaken' | 'conflict' | 'held'} outcome
 * @property {any} value
 * @property {string | null} by
 * @property {number} at
 * @property {number} received
 * @property {number} device  the server's number for it
 * @property {number} seq
 *
 * @typedef {'status' | 'records' | 'outcome' | 'acknowledged' | 'scope' |
 *   'healed' | 'wipe'} EventName
 */

const OUTCOMES = /** @type {const} */ ([
  'applied',
  'merged',
  'overtaken',
  'conflict',
  'held',
])

/** @param {import('./catalog.js').Type | undefined} type
 * @param {import('./message.js').Entry} entry @returns {HistoryEntry} */
const historyEntry = (type, entry) => ({
  field: entry.field
    ? (type?.byNo.get(entry.field)?.name ?? `#${entry.field}`)
    : 'record',
  version: entry.version,
  outcome: OUTCOMES[entry.outcome] ?? 'held',
  value: entry.value,
  by: entry.author,
  at: entry.at,
  received: entry.received,
  device: entry.replica,
  seq: entry.seq,
})

/** @param {Device} d @param {string} id @returns {Promise<HistoryEntry[]>} */
async function askHistory(d, id) {
  const record = d.engine.image.records.get(id)
  if (!record) return []
  if (d.link.state !== 'online') {
    fail('offline', 'the server is not reachable')
  }
  const request = ++d.requests
  const { bucket } = record
  const answer = d.questions.ask(request, 'the server did not answer')
  const ask = { type: /** @type {const} */ ('history'), request, bucket }
  d.link.send([writeMessage({ ...ask, record: id })], d.epoch)
  // Over POST it goes with the next round: end the one that is being held.
  if (d.link.road === 'post') d.engine.happen({ type: 'ask', now: d.now() })
  const type = d.catalog.typeNo(record.type)
  return (await answer).map((/** @type {any} */ e) => historyEntry(type, e))
}

/** @param {Device} d @returns {Promise<void>} */
async function askSync(d) {
  await d.engine.settled()
  d.engine.happen({ type: 'ask', now: d.now() })
  await d.engine.settled()
  const from = d.checkpoints
  d.link.nudge()
  await new Promise((resolve) => {
    const watcher = () => {
      const { pending, upToDate } = d.status
      if (pending || !upToDate || d.checkpoints === from) return
      d.watchers.delete(watcher)
      resolve(undefined)
    }
    d.watchers.add(watcher)
  })
}

/** Another tab asks us, the leader. @param {Device} d @param {any} message
 * @returns {Promise<any>} */
const answerTab = (d, { ask, record }) =>
  ask === 'history' ? askHistory(d, record) : askSync(d)

/** The leader asks for us. @param {Device} d @param {any} what
 * @returns {Promise<any>} */
function askLeader(d, what) {
  const id = randomBytes(4).reduce((n, byte) => n * 256 + byte, 1)
  d.tabs.tell({ ...what, id })
  return d.questions.ask(id, 'no tab has a connection')
}

/**
 * @template T
 * @param {Promise<T>} work @param {AbortSignal} [signal]
 * @param {number} [timeout] ms @returns {Promise<T>}
 */
function limited(work, signal, timeout) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new TidemarkError('timeout', 'not done in time'))
    const stop = () => reject(new TidemarkError('aborted', 'given up'))
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    })
  })
}

/** What decisions are made on, and read from. @param {Device} d */
const deskOf = (d) => ({
  catalog: d.catalog,
  image: () => d.engine.image,
  get: d.records.get,
  list: d.records.list,
  me: () => /** @type {Identity} */ (identityOf(d)).person,
  now: d.now,
  newId: () => newId(d.now()),
})

/** @param {Device} d @param {(c: Change) => void} fn @param {string} [tag]
 * @returns {Promise<number>} */
async function change(d, fn, tag) {
  if (d.isClosed) fail('closed', 'the library has been closed')
  const desk = deskOf(d)
  const { catalog } = d
  const acts = actsOf(desk)
  const wishes = recordWishes(fn, { catalog, newId: desk.newId, acts })
  try {
    const seq = await d.engine.save(wishes, tag)
    if (d.problem?.name === 'storage') {
      d.problem = null
      changed(d)
    }
    return seq
  } catch (error) {
    if (error instanceof TidemarkError && error.name === 'storage') {
      setProblem(d, 'storage', error.message)
    }
    throw error
  }
}

/** @param {Device} d @returns {readonly import('./message.js').Scope[]} */
function scopeOf(d) {
  d.records.note('#scope')
  return d.engine.image.meta.get('scope')?.buckets ?? []
}

/** What can be read, without waiting. @param {Device} d */
const readers = (d) => ({
  schema: d.schema,
  get: d.records.get,
  list: d.records.list,
  /** Of every record on this device, deleted ones too. */
  ids: () => {
    const { records, pendingOf } = d.engine.image
    return [...new Set([...records.keys(), ...pendingOf.keys()])]
  },
  get person() {
    const { person, name } = /** @type {Identity} */ (identityOf(d))
    return { id: person, name }
  },
  get device() {
    const { device, label } = /** @type {Identity} */ (identityOf(d))
    return { id: device, label: label ?? '' }
  },
  /** @returns {{ name: string, roles: readonly string[] }[]} */
  get scope() {
    return scopeOf(d).map(({ name, roles }) => ({ name, roles }))
  },
  /** @param {string} op @param {string} type @param {string} bucket */
  may: (op, type, bucket) => {
    const known = scopeOf(d).find(({ name }) => name === bucket)
    return mayDo(d.catalog.type(type), op, known?.roles ?? [])
  },
  /** @returns {Status} */
  get status() {
    d.records.note('#status')
    return d.status
  },
  /** @param {string} id */
  statusOf: (id) => {
    d.records.note('#status')
    return workStatusOf(deskOf(d), talkOf(d), id)
  },
  /** What waits for a decision: of one record, or all.
   * @param {string} [id] @returns {Conflict[]} */
  conflicts: (id) => conflictsOf(deskOf(d), id),
  /** Late changes to accept or decline.
   * @param {string} [id] @returns {Amendment[]} */
  amendments: (id) => amendmentsOf(deskOf(d), id),
  /** @param {string} [id] @returns {Notice[]} newest first */
  notices: (id) => noticesOf(deskOf(d), id),
  /** @param {string} id @returns {Signoff[]} newest first */
  signoffs: (id) => signoffsOf(deskOf(d), id),
  waiting: () => {
    d.records.note('#status')
    return waitingOf(d.engine.image, talkOf(d))
  },
  held: () => {
    d.records.note('#status')
    const desk = deskOf(d)
    return heldOf(d.engine.image).filter(
      ({ record, field }) => field !== null || !isSettled(desk, record),
    )
  },
})

/** What is done, or waits for the server. @param {Device} d */
const doers = (d) => ({
  /** @param {(c: Change) => void} fn
   * @param {{ tag?: string }} [more] tag: comes back with 'acknowledged'
   * @returns {Promise<number>} the seq of the change; 0: nothing changed */
  change: (fn, more) => change(d, fn, more?.tag),
  newId: () => newId(d.now()),
  /** @param {string} type @param {Record<string, unknown>} fields */
  naturalId: (type, fields) =>
    naturalId(type, keyParts(d.catalog.type(type), fields)),
  namedId,
  /** @param {EventName} event @param {(detail: any) => void} fn */
  on: (event, fn) => {
    const all = d.listeners.get(event) ?? new Set()
    d.listeners.set(event, all.add(fn))
    return () => void all.delete(fn)
  },
  /** @param {string} id @returns {Promise<HistoryEntry[]>} */
  history: (id) =>
    d.isLeader
      ? askHistory(d, id)
      : askLeader(d, { ask: 'history', record: id }),
  /** @param {{ signal?: AbortSignal, timeout?: number }} [limits]
   * @returns {Promise<void>} */
  sync: ({ signal, timeout } = {}) => {
    const isOurs = d.isLeader || !d.told
    const work = isOurs ? askSync(d) : askLeader(d, { ask: 'sync' })
    return limited(work, signal, timeout)
  },
  pause: () => {
    d.isPaused = true
    d.link.stop()
  },
  resume: () => {
    d.isPaused = false
    if (d.isLeader) d.link.start()
  },
  close: () => closeDevice(d),
})

/** @param {OpenOptions} options @returns {Promise<Tidemark>} */
export async function open(options) {
  const d = await openDevice(options, answerTab)
  const face = {
    /** @param {(tm: any) => any} fn @param {(value: any) => void} callback
     * @returns {() => void} stop */
    live: (fn, callback) => d.records.live(() => fn(tm), callback),
  }
  /** @type {any} */
  const tm = Object.defineProperties(face, {
    ...Object.getOwnPropertyDescriptors(readers(d)),
    ...Object.getOwnPropertyDescriptors(doers(d)),
  })
  return /** @type {Tidemark} */ (tm)
}

/**
 * @typedef {ReturnType<typeof readers> & ReturnType<typeof doers> & {
 *   live: <T>(fn: (tm: Tidemark) => T, callback: (value: T) => void) =>
 *     () => void }} Tidemark
 */
