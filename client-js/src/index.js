// @ts-check
/**
 * The public face of the library: see README.md. Everything here delegates:
 * the engine keeps, the link talks, the records show.
 */

import { createCatalog, keyParts, mayDo } from './catalog.js'
import { createEngine } from './engine.js'
import { createLink, realWorld } from './link.js'
import { createRecords } from './records.js'
import { alone, joinTabs } from './tabs.js'
import { connectPost, postOnce } from './post.js'
import { connectSocket } from '#socket'
import { errText } from './err.js'
import { fail, TidemarkError } from './fault.js'
import { namedId, naturalId, newId, randomBytes, toHex } from './id.js'
import { recordWishes } from './edits.js'
import { readMessage, writeMessage } from './message.js'
import { SCHEMA } from './schema.js'
import { watchPage } from './page.js'

export { TidemarkError }

const ENROL_MS = 15000
const HISTORY_MS = 15000
const NONCE_BYTES = 16

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./records.js').TmRecord} TmRecord
 * @typedef {import('./replica.js').Effect} Effect
 * @typedef {import('./image.js').Held} Held
 * @typedef {{ device: string, token: string, person: string, name: string,
 *   label?: string }} Identity
 *
 * @typedef {'on_this_tablet' | 'sending' | 'sent' | 'needs_decision' | 'held' |
 *   'signed' | 'shared'} WorkStatus
 *
 * @typedef {object} Status
 * @property {import('./link.js').LinkState} link
 * @property {'websocket' | 'post' | null} road
 * @property {number} pending
 * @property {boolean} sending
 * @property {number | null} oldest
 * @property {boolean} upToDate
 * @property {number | null} lastComplete
 * @property {boolean | null} storageKept
 * @property {{ name: string, message: string } | null} problem
 *
 * @typedef {object} HistoryEntry
 * @property {string} field  its name; 'record' for the record's existence
 * @property {number} version
 * @property {'applied' | 'merged' | 'overtaken' | 'conflict' | 'held'} outcome
 * @property {any} value
 * @property {string | null} by
 * @property {number} at
 * @property {number} received
 * @property {number} device
 * @property {number} seq
 *
 * @typedef {object} OpenOptions
 * @property {string} url
 * @property {Store} store
 * @property {Identity} [identity]   needed the first time only
 * @property {string} [appVersion]
 * @property {'websocket' | 'post'} [road]  use no other
 * @property {() => number} [now]
 * @property {any} [schema]
 * @property {typeof joinTabs} [tabs]
 * @property {import('./link.js').Connect} [connectSocket]
 * @property {import('./link.js').Connect} [connectPost]
 * @property {boolean} [paused]  do not connect until resume()
 * @property {import('./link.js').World} [world]  time and chance, for tests
 */

const OUTCOMES = /** @type {const} */ ([
  'applied',
  'merged',
  'overtaken',
  'conflict',
  'held',
])

/**
 * Spend a one-time code: this device is one of ours from now on.
 * @param {{ url: string, code: string, label: string, platform: string }} with_
 * @returns {Promise<Identity>}
 */
export async function enrol({ url, code, label, platform }) {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), ENROL_MS)
  const ask = writeMessage({ type: 'enrol', code, label, platform })
  const answer = await postOnce(url, [ask], abort.signal)
  clearTimeout(timer)
  if (answer === 'gone') fail('offline', 'the server cannot be reached')
  if (answer === 'portal') fail('portal', 'this Wi-Fi wants a sign-in first')
  const [bytes] = answer.messages
  const message = bytes ? readMessage(bytes) : null
  if (message?.type === 'error') fail(message.name, errText(message.name))
  if (message?.type !== 'enrolled') {
    return fail('malformed', 'that was not an answer to an enrolment')
  }
  const { device, token, person, name } = message
  return { device, token: toHex(token), person, name, label }
}

/** @param {Store} store */
async function storageKept(store) {
  try {
    return await store.kept()
  } catch {
    return null
  }
}

/** @param {OpenOptions} options */
export async function open(options) {
  const { url, store } = options
  const schema = options.schema ?? SCHEMA
  const catalog = createCatalog(schema)
  const world = options.world ?? realWorld()
  const now = () => Math.round((options.now ?? world.now)())
  const config = {
    catalog,
    appVersion: options.appVersion ?? '',
    storageKept: await storageKept(store),
  }

  /** @type {Map<string, Set<(detail: any) => void>>} */
  const listeners = new Map()
  /** @type {Map<number, { resolve: (v: any) => void, reject: (e: any) => void }>} */
  const asked = new Map()
  /** @type {Set<() => void>} */
  const watchers = new Set()
  let isLeader = false
  let isPaused = options.paused ?? false
  let isClosed = false
  let requests = 0
  let checkpoints = 0
  /** @type {Status['problem']} */
  let problem = null
  /** @type {any} the leader's, in another tab */
  let told = null
  /** @type {Status | null} */
  let status = null

  const engine = await createEngine({
    store,
    config,
    now,
    act,
    moved: onMoved,
    reset: () => {
      records.reset()
      changed()
    },
    tell: (news) => tabs.tell({ news }),
    broke: (error) => {
      // The server's word could not be taken in: it is sent again later.
      setProblem(error?.name ?? 'storage', error?.message ?? String(error))
      link.close()
    },
  })

  const me = () => identityOf()?.person ?? ''
  const records = createRecords(() => engine.image, catalog, me)

  if (options.identity) await keepIdentity(options.identity)
  if (!identityOf()) {
    await store.close()
    fail('unknown_device', 'this device has not been enrolled')
  }

  const link = createLink({
    url,
    only: options.road ?? null,
    connectSocket: options.connectSocket ?? connectSocket,
    connectPost: options.connectPost ?? connectPost,
    world,
    onOpen: (road, epoch) => {
      current = epoch
      const nonce = randomBytes(NONCE_BYTES)
      engine.happen({ type: 'open', now: now(), road, nonce }, epoch)
    },
    onMessage: (bytes) => engine.message(bytes, current),
    onRound: () => {
      const nonce = randomBytes(NONCE_BYTES)
      engine.happen({ type: 'round', now: now(), nonce }, current)
    },
    onClosed: () => {
      refuseAsked('offline')
      engine.happen({ type: 'closed', now: now() })
    },
    onStatus: changed,
  })
  let current = 0

  /** @type {import('./tabs.js').Tabs} */
  const tabs = (options.tabs ?? (store.shared ? joinTabs : onlyTab))(
    store.name,
    {
      lead: () => {
        if (isClosed) return
        isLeader = true
        told = null
        if (!isPaused) link.start()
        changed()
      },
      heard,
    },
  )
  const unwatch = watchPage(link)

  /** @returns {Identity | undefined} */
  function identityOf() {
    return engine.image.meta.get('identity')
  }

  /** @param {Identity} identity */
  async function keepIdentity(identity) {
    const known = identityOf()
    if (known?.device === identity.device && known.token === identity.token) {
      return
    }
    const put = { key: 'identity', ...identity }
    await engine.write([{ table: 'meta', put }])
  }

  /** @param {string} name @param {string} [message] */
  function setProblem(name, message) {
    problem = { name, message: message ?? errText(name) }
    changed()
  }

  /** @param {string} event @param {any} detail */
  function emit(event, detail) {
    for (const fn of listeners.get(event) ?? []) fn(detail)
  }

  /** @param {string} name */
  function refuseAsked(name) {
    for (const { reject } of asked.values()) {
      reject(new TidemarkError(name, 'the server could not be asked'))
    }
    asked.clear()
  }

  /** @param {Effect} effect @param {number} epoch */
  function act(effect, epoch) {
    switch (effect.do) {
      case 'send':
        link.send(effect.messages.map(writeMessage), epoch)
        return
      case 'settled':
        problem = null
        link.settled()
        changed()
        return
      case 'interrupt':
        link.interrupt()
        return
      case 'reconnect':
        link.reconnect()
        return
      case 'portal':
        link.portal()
        return
      case 'close':
        setProblem(effect.name)
        link.close()
        return
      case 'refused':
        setProblem(effect.name)
        link.refused()
        return
      case 'bye':
        link.bye(effect.retryMs, effect.spreadMs)
        return
      case 'later':
        world.after(() => engine.happen({ type: 'again', now: now() }), effect.ms)
        return
      case 'problem':
        if (effect.name === 'full') setProblem(effect.name)
        else refuseAsked(effect.name)
        return
      case 'complete':
        checkpoints++
        changed()
        return
      case 'entries':
        answerAsked(effect.message)
        return
      case 'tell':
        if (effect.event === 'scope') records.stir('#scope')
        emit(effect.event, effect.detail)
        tabs.tell({ emit: effect.event, detail: effect.detail })
    }
  }

  /** @param {Set<string>} ids @param {readonly import('./store.js').Op[]} ops */
  function onMoved(ids, ops) {
    if (ids.size) {
      records.touched(ids)
      emit('records', [...ids])
    }
    if (isLeader && ops.some((op) => op.table === 'outbox' && 'put' in op)) {
      // Another tab's change; our own was sent in its own step.
      if (engine.session.state !== 'closed') {
        engine.happen({ type: 'poke', now: now() })
      }
    }
    changed()
  }

  /** @returns {Status} */
  function readStatus() {
    const self = engine.image.meta.get('self') ?? { made: 0, consumed: 0 }
    const pending = self.made - self.consumed
    const oldest = engine.image.outbox.get(self.consumed + 1)?.at ?? null
    const { session } = engine
    const ours = {
      link: link.state,
      road: link.road,
      sending: pending > 0 && session.sent > self.consumed,
      upToDate: session.upToDate,
      problem,
    }
    return {
      ...(told ?? ours),
      pending,
      oldest,
      lastComplete: engine.image.meta.get('last')?.complete ?? null,
      storageKept: config.storageKept,
    }
  }

  function changed() {
    if (isClosed) return
    const next = readStatus()
    const isSame = status && JSON.stringify(status) === JSON.stringify(next)
    if (!isSame) {
      status = Object.freeze(next)
      if (isLeader) {
        const { link, road, sending, upToDate, problem } = next
        tabs.tell({ status: { link, road, sending, upToDate, problem } })
      }
      records.stir('#status')
      emit('status', status)
    }
    for (const watcher of [...watchers]) watcher()
  }

  /** What another tab said. @param {any} message */
  function heard(message) {
    if (isClosed) return
    if (message.news) engine.heard(message.news)
    if (message.emit) {
      if (message.emit === 'scope') records.stir('#scope')
      emit(message.emit, message.detail)
    }
    if (message.status && !isLeader) {
      told = message.status
      changed()
    }
    if (message.done && asked.has(message.done)) {
      const { resolve, reject } = /** @type {any} */ (asked.get(message.done))
      asked.delete(message.done)
      if (message.failed) reject(new TidemarkError(message.failed, 'refused'))
      else resolve(message.value)
    }
    if (message.ask && isLeader) answerTab(message)
  }

  /** @param {any} message */
  function answerTab({ ask, id, record }) {
    const work = ask === 'history' ? askHistory(record) : askSync()
    work.then(
      (value) => tabs.tell({ done: id, value }),
      (error) => tabs.tell({ done: id, failed: error.name }),
    )
  }

  /** @param {number} id @param {string} otherwise @returns {Promise<any>} */
  function awaitAnswer(id, otherwise) {
    return new Promise((resolve, reject) => {
      const timer = world.after(() => {
        asked.delete(id)
        reject(new TidemarkError('offline', otherwise))
      }, HISTORY_MS)
      const done = (/** @type {(value: any) => void} */ answer) =>
        (/** @type {any} */ value) => {
          world.forget(timer)
          answer(value)
        }
      asked.set(id, { resolve: done(resolve), reject: done(reject) })
    })
  }

  /** The leader does it for us. @param {any} what @returns {Promise<any>} */
  function askLeader(what) {
    const id = randomBytes(4).reduce((n, byte) => n * 256 + byte, 1)
    tabs.tell({ ...what, id })
    return awaitAnswer(id, 'no tab has a connection')
  }

  /** @param {import('./message.js').Entries} message */
  function answerAsked({ request, entries }) {
    asked.get(request)?.resolve(entries)
    asked.delete(request)
  }

  /** @param {string} id @returns {Promise<HistoryEntry[]>} */
  async function askHistory(id) {
    const record = engine.image.records.get(id)
    if (!record) return []
    if (link.state !== 'online') fail('offline', 'the server is not reachable')
    const request = ++requests
    const { bucket } = record
    const ask = writeMessage({ type: 'history', request, bucket, record: id })
    const answer = awaitAnswer(request, 'the server did not answer')
    link.send([ask], current)
    if (link.road === 'post') engine.happen({ type: 'ask', now: now() })
    const type = catalog.typeNo(record.type)
    return (await answer).map((/** @type {any} */ entry) => ({
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
    }))
  }

  /** @returns {Promise<void>} */
  async function askSync() {
    await engine.settled()
    engine.happen({ type: 'ask', now: now() })
    await engine.settled()
    const from = checkpoints
    link.nudge()
    await new Promise((resolve) => {
      const watcher = () => {
        const { pending, upToDate } = readStatus()
        if (pending || !upToDate || checkpoints === from) return
        watchers.delete(watcher)
        resolve(undefined)
      }
      watchers.add(watcher)
    })
  }

  /** @param {string} id @returns {WorkStatus} */
  function statusOf(id) {
    records.note(id)
    records.note('#status')
    const pendings = [...(engine.image.pendingOf.get(id) ?? [])]
    const self = engine.image.meta.get('self')
    const unsent = pendings.filter((seq) => seq > (self?.consumed ?? 0))
    if (unsent.length) {
      const { sending } = readStatus()
      const isOnItsWay = engine.image.outbox.get(unsent[0])?.sealed
      return sending && isOnItsWay ? 'sending' : 'on_this_tablet'
    }
    if ([...engine.image.held.values()].some((held) => held.record === id)) {
      return 'held'
    }
    const record = records.get(id)
    const metas = Object.values(record?.meta ?? {})
    if (metas.some((meta) => meta.conflict)) return 'needs_decision'
    const state = record?.fields.state
    if (state === 'shared') return 'shared'
    if (state === 'signed_off') return 'signed'
    return 'sent'
  }

  changed()
  const tm = {
    schema,
    get: records.get,
    list: records.list,
    /** Of every record on this device, deleted ones too. */
    ids: () => [
      ...new Set([...engine.image.records.keys(), ...engine.image.pendingOf.keys()]),
    ],
    /** @template T @param {(tm: any) => T} fn
     * @param {(value: T) => void} callback */
    live: (fn, callback) => records.live(() => fn(tm), callback),
    get person() {
      const { person, name } = /** @type {Identity} */ (identityOf())
      return { id: person, name }
    },
    get device() {
      const { device, label } = /** @type {Identity} */ (identityOf())
      return { id: device, label: label ?? '' }
    },
    /** @returns {{ name: string, roles: readonly string[] }[]} */
    get scope() {
      records.note('#scope')
      const buckets = engine.image.meta.get('scope')?.buckets ?? []
      return buckets.map((/** @type {any} */ { name, roles }) => ({ name, roles }))
    },
    /** @param {string} op @param {string} type @param {string} bucket */
    may: (op, type, bucket) => {
      const roles = tm.scope.find(({ name }) => name === bucket)?.roles ?? []
      return mayDo(catalog.type(type), op, roles)
    },
    /** @param {(c: import('./edits.js').Change) => void} fn
     * @param {{ tag?: string }} [more] tag: comes back with 'acknowledged'
     * @returns {Promise<number>} the seq of the change; 0: nothing changed */
    change: async (fn, { tag } = {}) => {
      if (isClosed) fail('closed', 'the library has been closed')
      const wishes = recordWishes(fn, { catalog, newId: () => newId(now()) })
      try {
        const seq = await engine.save(wishes, tag)
        if (problem?.name === 'storage') problem = null
        return seq
      } catch (error) {
        if (error instanceof TidemarkError && error.name === 'storage') {
          setProblem('storage', error.message)
        }
        throw error
      }
    },
    newId: () => newId(now()),
    /** @param {string} type @param {Record<string, unknown>} fields */
    naturalId: (type, fields) =>
      naturalId(type, keyParts(catalog.type(type), fields)),
    namedId,
    get status() {
      records.note('#status')
      return /** @type {Status} */ (status)
    },
    statusOf,
    waiting: () => {
      records.note('#status')
      const self = engine.image.meta.get('self') ?? { consumed: 0, made: 0 }
      const out = []
      for (let seq = self.consumed + 1; seq <= self.made; seq++) {
        const pending = engine.image.outbox.get(seq)
        if (!pending) continue
        out.push({
          seq,
          at: pending.at,
          records: pending.touches.map((touch) => touch.record),
          sending: seq <= engine.session.sent,
        })
      }
      return out
    },
    held: () => {
      records.note('#status')
      return [...engine.image.held.values()].map((/** @type {Held} */ held) => ({
        seq: held.seq,
        at: held.at,
        record: held.record,
        reason: held.reason,
        message: errText(held.reason),
      }))
    },
    /** @param {'status' | 'records' | 'outcome' | 'acknowledged' | 'scope' |
     *   'healed' | 'wipe'} event
     * @param {(detail: any) => void} fn */
    on: (event, fn) => {
      const all = listeners.get(event) ?? new Set()
      listeners.set(event, all.add(fn))
      return () => void all.delete(fn)
    },
    /** @param {string} id @returns {Promise<HistoryEntry[]>} */
    history: (id) =>
      isLeader ? askHistory(id) : askLeader({ ask: 'history', record: id }),
    /** @param {{ signal?: AbortSignal, timeout?: number }} [limits]
     * @returns {Promise<void>} */
    sync: ({ signal, timeout } = {}) => {
      const work = isLeader || !told ? askSync() : askLeader({ ask: 'sync' })
      return limited(work, signal, timeout)
    },
    pause: () => {
      isPaused = true
      link.stop()
    },
    resume: () => {
      isPaused = false
      if (isLeader) link.start()
    },
    close: async () => {
      if (isClosed) return
      link.stop()
      unwatch()
      tabs.close()
      await engine.settled()
      isClosed = true
      engine.stop()
      refuseAsked('closed')
      await store.close()
    },
  }
  return tm
}

/** A store that nobody shares. @param {string} _name
 * @param {import('./tabs.js').TabsHandlers} handlers */
const onlyTab = (_name, handlers) => alone(handlers)

/**
 * @template T
 * @param {Promise<T>} work @param {AbortSignal} [signal]
 * @param {number} [timeout] ms @returns {Promise<T>}
 */
function limited(work, signal, timeout) {
  return new Promise((resolve, reject) => {
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(
            () => reject(new TidemarkError('timeout', 'not done in time')),
            timeout,
          )
    const stop = () => reject(new TidemarkError('aborted', 'given up'))
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop)
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    })
  })
}

/** @typedef {Awaited<ReturnType<typeof open>>} Tidemark */
