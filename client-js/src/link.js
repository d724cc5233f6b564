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

/** @param {LinkOptions} options */
export function createLink(options) {
  const { url, only, world } = options
  /** @type {Connection | null} */
  let connection = null
  /** @type {Road} */
  let road = 'websocket'
  /** @type {LinkState} */
  let state = 'offline'
  let isWanted = false
  let isSettled = false
  let epoch = 0
  let failures = 0
  let socketFailures = 0
  let socketPause = SOCKET_PAUSE_MS
  let socketAt = 0
  let hiddenAt = 0
  /** @type {Map<string, unknown>} */
  const timers = new Map()

  /** @param {string} name */
  function forget(name) {
    if (timers.has(name)) world.forget(timers.get(name))
    timers.delete(name)
  }

  /** @param {string} name @param {number} ms @param {() => void} work */
  function after(name, ms, work) {
    forget(name)
    const timer = world.after(() => {
      timers.delete(name)
      work()
    }, ms)
    timers.set(name, timer)
  }

  /** @param {LinkState} next */
  function setState(next) {
    if (state === next) return
    state = next
    options.onStatus()
  }

  function drop() {
    for (const name of ['connect', 'dead', 'beat', 'socket']) forget(name)
    const was = connection
    connection = null
    isSettled = false
    epoch++
    if (!was) return
    was.close()
    options.onClosed()
  }

  /** @param {number} ms @param {LinkState} [next] */
  function rest(ms, next = 'offline') {
    setState(next)
    if (isWanted) after('retry', ms, open)
  }

  function backOff() {
    const most = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** failures)
    failures = Math.min(failures + 1, 16)
    return Math.round(world.random() * most)
  }

  /** @returns {Road} */
  function chooseRoad() {
    if (only) return only
    const isBarred = socketFailures >= SOCKET_TRIES && world.now() < socketAt
    return isBarred ? 'post' : 'websocket'
  }

  /** It did not bring WELCOME. @returns {boolean} try the other road at once */
  function blame() {
    if (isSettled) return false
    if (road === 'post') {
      socketFailures = Math.min(socketFailures, SOCKET_TRIES - 1)
      return false
    }
    socketFailures++
    if (socketFailures < SOCKET_TRIES) return false
    socketAt = world.now() + socketPause
    socketPause = Math.min(SOCKET_PAUSE_MOST_MS, socketPause * 2)
    return !only
  }

  /** @param {'gone' | 'portal'} why */
  function lost(why) {
    const isOtherNext = blame()
    drop()
    if (why === 'portal') rest(PORTAL_MS, 'portal')
    else if (isOtherNext) rest(0, 'connecting')
    else rest(backOff())
  }

  function expectAnswer() {
    if (road === 'websocket' && !timers.has('dead')) {
      after('dead', DEAD_MS, () => lost('gone'))
    }
  }

  function planBeat() {
    if (road !== 'websocket') return
    const due = world.now() + BEAT_MS
    after('beat', BEAT_MS, () => {
      if (world.now() > due + SLEPT_MS) {
        resume()
        return
      }
      beat()
    })
  }

  function beat() {
    connection?.send([writeMessage({ type: 'beat', waitMs: 0 })])
    expectAnswer()
    planBeat()
  }

  function open() {
    forget('retry')
    if (!isWanted || connection) return
    road = chooseRoad()
    const mine = ++epoch
    const connect =
      road === 'post' ? options.connectPost : options.connectSocket
    setState(state === 'portal' ? 'portal' : 'connecting')
    /** @param {(...args: any[]) => void} work @returns {any} */
    const current =
      (work) =>
      (/** @type {any[]} */ ...args) => {
        if (mine === epoch) work(...args)
      }
    connection = connect(url, {
      opened: current(() => {
        forget('connect')
        expectAnswer()
        options.onOpen(road, mine)
      }),
      message: current((bytes) => {
        forget('dead')
        options.onMessage(bytes)
      }),
      round: current(() => options.onRound()),
      closed: current((why) => lost(why)),
    })
    after('connect', CONNECT_MS, () => lost('gone'))
  }

  /** We were away: what we held is not to be trusted. */
  function resume() {
    failures = 0
    drop()
    rest(RESUME_MS, 'connecting')
  }

  function settled() {
    if (isSettled) return
    isSettled = true
    failures = 0
    setState('online')
    planBeat()
    if (road === 'websocket') {
      socketFailures = 0
      socketPause = SOCKET_PAUSE_MS
      return
    }
    if (only) return
    after('socket', Math.max(1000, socketAt - world.now()), () => {
      // One attempt only: if it fails, POST goes on and the pause grows.
      socketFailures = SOCKET_TRIES - 1
      drop()
      rest(0, 'connecting')
    })
  }

  return {
    get state() {
      return state
    },
    get road() {
      return connection && isSettled ? road : null
    },
    start: () => {
      isWanted = true
      failures = 0
      open()
    },
    stop: () => {
      isWanted = false
      forget('retry')
      drop()
      setState('offline')
    },
    /** Something suggests that it would work now. */
    nudge: () => {
      failures = 0
      if (!isWanted) return
      if (!connection) open()
      else if (isSettled && road === 'websocket') beat()
    },
    hidden: () => {
      hiddenAt = world.now()
    },
    visible: () => {
      const slept = hiddenAt > 0 && world.now() - hiddenAt > SLEPT_MS
      hiddenAt = 0
      failures = 0
      if (!isWanted) return
      if (slept && connection) resume()
      else if (!connection) open()
    },
    /** @param {readonly Uint8Array[]} messages @param {number} of */
    send: (messages, of) => {
      if (of !== epoch || !connection) return
      connection.send(messages)
      expectAnswer()
    },
    interrupt: () => connection?.interrupt(),
    settled,
    reconnect: () => {
      drop()
      rest(0, 'connecting')
    },
    /** Give it up and come back later. */
    close: () => {
      drop()
      rest(backOff())
    },
    refused: () => {
      drop()
      rest(REFUSED_MS)
    },
    portal: () => {
      drop()
      rest(PORTAL_MS, 'portal')
    },
    /** @param {number} retryMs @param {number} spreadMs */
    bye: (retryMs, spreadMs) => {
      drop()
      rest(retryMs + Math.round(world.random() * spreadMs))
    },
  }
}

/** @typedef {ReturnType<typeof createLink>} Link */
