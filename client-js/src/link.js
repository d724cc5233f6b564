// @ts-check
/**
 * Keeps one connection to the server, for as long as it is wanted.
 *
 *              open            opened           WELCOME
 *     RESTING ------> DIALLING ------> GREETING -------> ONLINE
 *        ^               |                |                 |
 *        `---------------'----------------'-----------------'
 *           lost: full-jitter back-off, 0.5 s … 60 s; ended by the browser's
 *           online, focus and visibility; after `bye`: as the server says
 *
 * Roads: the WebSocket first. When it fails twice to open or to bring WELCOME,
 * the next attempts are POSTs; the WebSocket is tried again after a minute,
 * then two, four … up to half an hour. If POST fails as well, it was not the
 * WebSocket's fault.
 *
 * A socket is dead when what we sent has had no answer for 10 s; a quiet one is
 * asked every 20 s, so that a half-open one is noticed within 30 s. After a
 * sleep the socket is a zombie: it is discarded, whatever it claims.
 *
 * No state without a timer. Time and chance come from outside.
 */

import { writeMessage } from './message.js'

export const CONNECT_MS = 6000
export const DEAD_MS = 10000
export const BEAT_MS = 20000
const BACKOFF_FIRST_MS = 500
const BACKOFF_MOST_MS = 60000
const SLEPT_MS = 15000
const RESUME_MS = 750
const PORTAL_MS = 10000
const REFUSED_MS = 600000
const SOCKET_PAUSE_MS = 60000
const SOCKET_PAUSE_MOST_MS = 1800000
const SOCKET_TRIES = 2

/**
 * @typedef {import('./socket.js').Connection} Connection
 * @typedef {import('./socket.js').Handlers} Handlers
 * @typedef {'websocket' | 'post'} Road
 * @typedef {(url: string, handlers: Handlers) => Connection} Connect
 * @typedef {'offline' | 'connecting' | 'online' | 'portal'} LinkState
 *
 * @typedef {object} World  time and chance
 * @property {() => number} now
 * @property {() => number} random   0 … 1
 * @property {(work: () => void, ms: number) => unknown} after
 * @property {(timer: any) => void} forget
 *
 * @typedef {object} LinkOptions
 * @property {string} url
 * @property {Connect} connectSocket
 * @property {Connect} connectPost
 * @property {Road | null} only     use no other road
 * @property {World} world
 * @property {(road: Road, epoch: number) => void} onOpen
 * @property {(bytes: Uint8Array) => void} onMessage
 * @property {() => void} onRound
 * @property {() => void} onClosed
 * @property {() => void} onStatus
 */

/** @returns {World} */
export const realWorld = () => ({
  now: () => Date.now(),
  random: () => Math.random(),
  after: (work, ms) => setTimeout(work, ms),
  forget: (timer) => clearTimeout(timer),
})

/**
 * @typedef {object} State
 * @property {LinkOptions} options
 * @property {World} world
 * @property {Connection | null} connection
 * @property {Road} road
 * @property {LinkState} state
 * @property {boolean} isWanted
 * @property {boolean} isSettled      WELCOME has come on this connection
 * @property {number} epoch           changes with every connection
 * @property {number} failures        in a row, for the back-off
 * @property {number} socketFailures  in a row, for the choice of the road
 * @property {number} socketPause     how long POST is used instead
 * @property {number} socketAt        … until then
 * @property {number} hiddenAt        when the page went out of sight; 0: seen
 * @property {Map<string, unknown>} timers
 */

/** @param {State} l @param {string} name */
function forget(l, name) {
  if (l.timers.has(name)) l.world.forget(l.timers.get(name))
  l.timers.delete(name)
}

/** @param {State} l @param {string} name @param {number} ms
 * @param {() => void} work */
function after(l, name, ms, work) {
  forget(l, name)
  const timer = l.world.after(() => {
    l.timers.delete(name)
    work()
  }, ms)
  l.timers.set(name, timer)
}

/** @param {State} l @param {LinkState} next */
function setState(l, next) {
  if (l.state === next) return
  l.state = next
  l.options.onStatus()
}

/** @param {State} l */
function drop(l) {
  for (const name of ['connect', 'dead', 'beat', 'socket']) forget(l, name)
  const was = l.connection
  l.connection = null
  l.isSettled = false
  l.epoch++
  if (!was) return
  was.close()
  l.options.onClosed()
}

/** @param {State} l @param {number} ms @param {LinkState} [next] */
function rest(l, ms, next = 'offline') {
  setState(l, next)
  if (l.isWanted) after(l, 'retry', ms, () => open(l))
}

/** @param {State} l @returns {number} ms */
function backOff(l) {
  const most = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** l.failures)
  l.failures = Math.min(l.failures + 1, 16)
  return Math.round(l.world.random() * most)
}

/** @param {State} l @returns {Road} */
function chooseRoad(l) {
  if (l.options.only) return l.options.only
  const isBarred =
    l.socketFailures >= SOCKET_TRIES && l.world.now() < l.socketAt
  return isBarred ? 'post' : 'websocket'
}

/** It did not bring WELCOME. @param {State} l
 * @returns {boolean} try the other road at once */
function blame(l) {
  if (l.isSettled) return false
  if (l.road === 'post') {
    l.socketFailures = Math.min(l.socketFailures, SOCKET_TRIES - 1)
    return false
  }
  l.socketFailures++
  if (l.socketFailures < SOCKET_TRIES) return false
  l.socketAt = l.world.now() + l.socketPause
  l.socketPause = Math.min(SOCKET_PAUSE_MOST_MS, l.socketPause * 2)
  return !l.options.only
}

/** @param {State} l @param {'gone' | 'portal'} why */
function lost(l, why) {
  const isOtherNext = blame(l)
  drop(l)
  if (why === 'portal') rest(l, PORTAL_MS, 'portal')
  else if (isOtherNext) rest(l, 0, 'connecting')
  else rest(l, backOff(l))
}

/** @param {State} l */
function expectAnswer(l) {
  if (l.road === 'websocket' && !l.timers.has('dead')) {
    after(l, 'dead', DEAD_MS, () => lost(l, 'gone'))
  }
}

/** @param {State} l */
function planBeat(l) {
  if (l.road !== 'websocket') return
  const due = l.world.now() + BEAT_MS
  after(l, 'beat', BEAT_MS, () => {
    // A timer that comes far too late has slept with the machine.
    if (l.world.now() > due + SLEPT_MS) resume(l)
    else beat(l)
  })
}

/** @param {State} l */
function beat(l) {
  l.connection?.send([writeMessage({ type: 'beat', waitMs: 0 })])
  expectAnswer(l)
  planBeat(l)
}

/** @param {State} l @param {number} mine @returns {Handlers} */
function handlersOf(l, mine) {
  const isCurrent = () => mine === l.epoch
  return {
    opened: () => {
      if (!isCurrent()) return
      forget(l, 'connect')
      expectAnswer(l)
      l.options.onOpen(l.road, mine)
    },
    message: (bytes) => {
      if (!isCurrent()) return
      forget(l, 'dead')
      l.options.onMessage(bytes)
    },
    round: () => {
      if (isCurrent()) l.options.onRound()
    },
    closed: (why) => {
      if (isCurrent()) lost(l, why)
    },
  }
}

/** @param {State} l */
function open(l) {
  forget(l, 'retry')
  if (!l.isWanted || l.connection) return
  const { url, connectPost, connectSocket } = l.options
  l.road = chooseRoad(l)
  setState(l, l.state === 'portal' ? 'portal' : 'connecting')
  const connect = l.road === 'post' ? connectPost : connectSocket
  after(l, 'connect', CONNECT_MS, () => lost(l, 'gone'))
  try {
    l.connection = connect(url, handlersOf(l, ++l.epoch))
  } catch {
    lost(l, 'gone') // a browser may refuse the address itself
  }
}

/** We were away: what we held is not to be trusted. @param {State} l */
function resume(l) {
  l.failures = 0
  drop(l)
  rest(l, RESUME_MS, 'connecting')
}

/** @param {State} l */
function settled(l) {
  if (l.isSettled || !l.connection) return
  l.isSettled = true
  l.failures = 0
  setState(l, 'online')
  planBeat(l)
  if (l.road === 'websocket') {
    l.socketFailures = 0
    l.socketPause = SOCKET_PAUSE_MS
    return
  }
  if (l.options.only) return
  after(l, 'socket', Math.max(1000, l.socketAt - l.world.now()), () => {
    // One attempt only: if it fails, POST goes on and the pause grows.
    l.socketFailures = SOCKET_TRIES - 1
    drop(l)
    rest(l, 0, 'connecting')
  })
}

/** The page is seen again. @param {State} l */
function visible(l) {
  const slept = l.hiddenAt > 0 && l.world.now() - l.hiddenAt > SLEPT_MS
  l.hiddenAt = 0
  l.failures = 0
  if (!l.isWanted) return
  if (slept && l.connection) resume(l)
  else if (!l.connection) open(l)
}

/** Something suggests that it would work now. @param {State} l */
function nudge(l) {
  l.failures = 0
  if (!l.isWanted) return
  if (!l.connection) open(l)
  else if (l.isSettled && l.road === 'websocket') beat(l)
}

/** @param {LinkOptions} options */
export function createLink(options) {
  /** @type {State} */
  const l = {
    options,
    world: options.world,
    connection: null,
    road: 'websocket',
    state: 'offline',
    isWanted: false,
    isSettled: false,
    epoch: 0,
    failures: 0,
    socketFailures: 0,
    socketPause: SOCKET_PAUSE_MS,
    socketAt: 0,
    hiddenAt: 0,
    timers: new Map(),
  }
  /** @param {number} ms @param {LinkState} [next] */
  const leave = (ms, next) => {
    drop(l)
    rest(l, ms, next)
  }
  return {
    get state() {
      return l.state
    },
    get road() {
      return l.connection && l.isSettled ? l.road : null
    },
    start: () => {
      l.isWanted = true
      l.failures = 0
      open(l)
    },
    stop: () => {
      l.isWanted = false
      forget(l, 'retry')
      drop(l)
      setState(l, 'offline')
    },
    nudge: () => nudge(l),
    hidden: () => void (l.hiddenAt = l.world.now()),
    visible: () => visible(l),
    /** @param {readonly Uint8Array[]} messages @param {number} epoch */
    send: (messages, epoch) => {
      if (epoch !== l.epoch || !l.connection) return
      l.connection.send(messages)
      expectAnswer(l)
    },
    interrupt: () => l.connection?.interrupt(),
    settled: () => settled(l),
    reconnect: () => leave(0, 'connecting'),
    /** Give it up and come back later. */
    close: () => leave(backOff(l)),
    refused: () => leave(REFUSED_MS),
    portal: () => leave(PORTAL_MS, 'portal'),
    /** @param {number} retryMs @param {number} spreadMs */
    bye: (retryMs, spreadMs) =>
      leave(retryMs + Math.round(l.world.random() * spreadMs)),
  }
}

/** @typedef {ReturnType<typeof createLink>} Link */
