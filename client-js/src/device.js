// @ts-check
/**
 * One open device: the engine that keeps, the link that talks, the records
 * that show, the other tabs, and how they reach one another. index.js gives it
 * its public face.
 *
 *     link --messages--> engine --effects--> act() --> link
 *                          |
 *                          `--moved--> records, listeners, other tabs
 */

import { connectPost } from './post.js'
import { connectSocket } from '#socket'
import { createCatalog } from './catalog.js'
import { createEngine } from './engine.js'
import { createLink, realWorld } from './link.js'
import { createQuestions } from './questions.js'
import { createRecords } from './records.js'
import { alone, joinTabs } from './tabs.js'
import { errText } from './err.js'
import { fail, safely } from './fault.js'
import { randomBytes } from './id.js'
import { SCHEMA } from './schema.js'
import { statusOf } from './status.js'
import { watchPage } from './page.js'
import { writeMessage } from './message.js'

const QUESTION_MS = 15000
const NONCE_BYTES = 16

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./store.js').Op} Op
 * @typedef {import('./enrol.js').Identity} Identity
 * @typedef {import('./replica.js').Effect} Effect
 * @typedef {import('./status.js').Status} Status
 * @typedef {import('./status.js').Talk} Talk
 *
 * @typedef {object} OpenOptions
 * @property {string} url
 * @property {Store} store
 * @property {Identity} [identity]   needed the first time only
 * @property {string} [appVersion]
 * @property {'websocket' | 'post'} [road]  use no other
 * @property {boolean} [paused]      do not connect until resume()
 * @property {any} [schema]          another one than schema.js
 * @property {() => number} [now]    the device's clock
 * @property {typeof joinTabs} [tabs]
 * @property {import('./link.js').Connect} [connectSocket]
 * @property {import('./link.js').Connect} [connectPost]
 * @property {import('./link.js').World} [world]  time and chance, for tests
 *
 * @typedef {object} Device
 * @property {any} schema
 * @property {import('./catalog.js').Catalog} catalog
 * @property {() => number} now
 * @property {import('./replica.js').Config} config
 * @property {import('./engine.js').Engine} engine
 * @property {import('./link.js').Link} link
 * @property {import('./tabs.js').Tabs} tabs
 * @property {ReturnType<typeof createRecords>} records
 * @property {import('./questions.js').Questions} questions
 * @property {import('./link.js').World} world
 * @property {Store} store
 * @property {Map<string, Set<(detail: any) => void>>} listeners
 * @property {Set<() => void>} watchers  run after every move
 * @property {boolean} isLeader
 * @property {boolean} isPaused
 * @property {boolean} isClosed
 * @property {number} epoch        of the connection
 * @property {number} requests     asked so far
 * @property {number} checkpoints  reached so far
 * @property {Status['problem']} problem
 * @property {Talk | null} told    what the leader says, when it is not us
 * @property {Status} status
 * @property {() => void} unwatch
 */

/** @param {Device} d @param {string} event @param {any} detail */
export function emit(d, event, detail) {
  for (const fn of [...(d.listeners.get(event) ?? [])]) {
    safely(() => fn(detail))
  }
}

/** @param {Device} d @returns {Talk} */
export const talkOf = (d) =>
  d.told ?? {
    link: d.link.state,
    road: d.link.road,
    sent: d.engine.session.state === 'closed' ? 0 : d.engine.session.sent,
    upToDate: d.engine.session.upToDate,
    problem: d.problem,
  }

/** @param {Device} d @returns {Identity | undefined} */
export const identityOf = (d) => d.engine.image.meta.get('identity')

/** Something may look different. @param {Device} d */
export function changed(d) {
  if (d.isClosed) return
  const talk = talkOf(d)
  const next = statusOf(d.engine.image, talk, d.config.storageKept)
  if (JSON.stringify(d.status) !== JSON.stringify(next)) {
    d.status = Object.freeze(next)
    if (d.isLeader) d.tabs.tell({ talk })
    d.records.stir('#status')
    emit(d, 'status', d.status)
  }
  for (const watcher of [...d.watchers]) watcher()
}

/** @param {Device} d @param {string} name @param {string} [message] */
export function setProblem(d, name, message) {
  d.problem = { name, message: message ?? errText(name) }
  changed(d)
}

/** @param {Device} d @param {'outcome' | 'acknowledged' | 'scope' | 'healed'} event
 * @param {any} detail */
function tell(d, event, detail) {
  if (event === 'scope') d.records.stir('#scope')
  if (event === 'acknowledged' && d.problem?.name === 'full') {
    d.problem = null // there is room again
    changed(d)
  }
  emit(d, event, detail)
}

/** Carry out what the replica decided. @param {Device} d @param {Effect} effect
 * @param {number} epoch */
function act(d, effect, epoch) {
  switch (effect.do) {
    case 'send':
      d.link.send(effect.messages.map(writeMessage), epoch)
      return
    case 'settled':
      d.problem = null
      d.link.settled()
      changed(d)
      return
    case 'interrupt':
      d.link.interrupt()
      return
    case 'reconnect':
      d.link.reconnect()
      return
    case 'portal':
      d.link.portal()
      return
    case 'close':
      // Over POST a full disk ends the round, and has said so itself.
      if (effect.name !== 'busy' || d.problem?.name !== 'full') {
        setProblem(d, effect.name)
      }
      d.link.close()
      return
    case 'refused':
      setProblem(d, effect.name)
      d.link.refused()
      return
    case 'bye':
      d.link.bye(effect.retryMs, effect.spreadMs)
      return
    case 'later':
      d.world.after(
        () => d.engine.happen({ type: 'again', now: d.now() }),
        effect.ms,
      )
      return
    case 'problem':
      if (effect.name === 'full') setProblem(d, effect.name)
      else d.questions.refuseAll(effect.name)
      return
    case 'complete':
      d.checkpoints++
      changed(d)
      return
    case 'entries':
      d.questions.answer(effect.message.request, effect.message.entries)
      return
    case 'tell':
      tell(d, effect.event, effect.detail)
      d.tabs.tell({ emit: effect.event, detail: effect.detail })
  }
}

/** Something was written, by us or in another tab. @param {Device} d
 * @param {Set<string>} ids @param {readonly Op[]} ops @param {boolean} isOurs */
function onMoved(d, ids, ops, isOurs) {
  if (ids.size) {
    d.records.touched(ids)
    emit(d, 'records', [...ids])
  }
  if (!isOurs && d.engine.session.state !== 'closed') {
    if (ops.some((op) => op.table === 'outbox' && 'put' in op)) {
      d.engine.happen({ type: 'poke', now: d.now() })
    }
  }
  changed(d)
}

/** @param {Device} d @param {OpenOptions} options */
const linkOf = (d, options) =>
  createLink({
    url: options.url,
    only: options.road ?? null,
    connectSocket: options.connectSocket ?? connectSocket,
    connectPost: options.connectPost ?? connectPost,
    world: d.world,
    onOpen: (road, epoch) => {
      d.epoch = epoch
      const nonce = randomBytes(NONCE_BYTES)
      d.engine.happen({ type: 'open', now: d.now(), road, nonce }, epoch)
    },
    onMessage: (bytes) => d.engine.message(bytes, d.epoch),
    onRound: () => {
      const nonce = randomBytes(NONCE_BYTES)
      d.engine.happen({ type: 'round', now: d.now(), nonce }, d.epoch)
    },
    onClosed: () => {
      d.questions.refuseAll('offline')
      d.engine.happen({ type: 'closed', now: d.now() })
    },
    onStatus: () => changed(d),
  })

/** @param {Device} d @param {OpenOptions} options */
const engineOf = (d, options) =>
  createEngine({
    store: options.store,
    config: d.config,
    now: d.now,
    act: (effect, epoch) => act(d, effect, epoch),
    moved: (ids, ops, isOurs) => onMoved(d, ids, ops, isOurs),
    reset: () => {
      d.records.reset()
      changed(d)
    },
    tell: (news) => d.tabs.tell({ news }),
    broke: (error) => {
      // The server's word could not be taken in: it is sent again later.
      setProblem(d, error?.name ?? 'storage', error?.message)
      d.link.close()
    },
  })

/** What another tab said. @param {Device} d @param {any} message
 * @param {(message: any) => Promise<any>} answer  its question */
function heard(d, message, answer) {
  if (d.isClosed) return
  if (message.news) d.engine.heard(message.news)
  if (message.emit) tell(d, message.emit, message.detail)
  if (message.talk && !d.isLeader) {
    d.told = message.talk
    changed(d)
  }
  if (message.hello && d.isLeader) d.tabs.tell({ talk: talkOf(d) })
  if (message.failed) d.questions.refuse(message.done, message.failed)
  else if (message.done) d.questions.answer(message.done, message.value)
  if (message.ask && d.isLeader) {
    answer(message).then(
      (value) => d.tabs.tell({ done: message.id, value }),
      (error) => d.tabs.tell({ done: message.id, failed: error.name }),
    )
  }
}

/** We talk to the server now. @param {Device} d */
function lead(d) {
  if (d.isClosed) return
  d.isLeader = true
  d.told = null
  if (!d.isPaused) d.link.start()
  changed(d)
}

/** @param {Device} d @param {Identity | undefined} identity */
async function keepIdentity(d, identity) {
  const known = identityOf(d)
  if (!identity) return
  if (known?.device === identity.device && known.token === identity.token)
    return
  const put = { key: 'identity', ...identity }
  await d.engine.write([{ table: 'meta', put }])
}

/** @param {Store} store */
async function storageKept(store) {
  try {
    return await store.kept()
  } catch {
    return null
  }
}

/** @type {Status} */
const NOT_YET = {
  link: 'offline',
  road: null,
  pending: 0,
  sending: false,
  oldest: null,
  upToDate: false,
  lastComplete: null,
  storageKept: null,
  problem: null,
}

/**
 * @param {OpenOptions} options
 * @param {(d: Device, message: any) => Promise<any>} answer  a question of
 *   another tab
 * @returns {Promise<Device>}
 */
export async function openDevice(options, answer) {
  const { store } = options
  const schema = options.schema ?? SCHEMA
  const catalog = createCatalog(schema)
  const world = options.world ?? realWorld()
  const clock = options.now ?? world.now
  const d = /** @type {Device} */ (
    /** @type {unknown} */ ({
      schema,
      catalog,
      world,
      store,
      now: () => Math.round(clock()),
      config: {
        catalog,
        appVersion: options.appVersion ?? '',
        storageKept: await storageKept(store),
      },
      questions: createQuestions(world, QUESTION_MS),
      tabs: { tell: () => {}, close: () => {} },
      listeners: new Map(),
      watchers: new Set(),
      isLeader: false,
      isPaused: options.paused ?? false,
      isClosed: false,
      epoch: 0,
      requests: 0,
      checkpoints: 0,
      problem: null,
      told: null,
      status: NOT_YET,
    })
  )
  d.engine = await engineOf(d, options)
  const me = () => identityOf(d)?.person ?? ''
  d.records = createRecords(() => d.engine.image, catalog, me)
  d.link = linkOf(d, options)
  await keepIdentity(d, options.identity)
  if (!identityOf(d)) {
    await store.close()
    fail('unknown_device', 'this device has not been enrolled')
  }
  const join = options.tabs ?? (store.shared ? joinTabs : onlyTab)
  d.tabs = join(store.name, {
    lead: () => lead(d),
    heard: (message) => heard(d, message, (asked) => answer(d, asked)),
  })
  d.tabs.tell({ hello: true })
  d.unwatch = watchPage(d.link)
  changed(d)
  return d
}

/** A store that nobody shares. @type {typeof joinTabs} */
const onlyTab = (_name, handlers) => alone(handlers)

/** @param {Device} d */
export async function closeDevice(d) {
  if (d.isClosed) return
  d.link.stop()
  d.unwatch()
  d.tabs.close()
  await d.engine.settled()
  d.isClosed = true
  d.engine.stop()
  d.questions.refuseAll('closed')
  await d.store.close()
}
