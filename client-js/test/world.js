// @ts-check
/**
 * A world for several devices and one fake server: virtual time, connections
 * whose two ends are pumped by hand, and everything from one seed.
 */

import { createFakeServer } from './fake-server.js'
import { memoryShelf, memoryStore } from '../src/store-memory.js'
import { NOTES } from './notes-schema.js'
import { open } from '../src/index.js'

/** Source: Tommy Ettinger, mulberry32. @param {number} seed */
export function seeded(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Let all promises that can move, move. */
export const settle = () => new Promise((resolve) => setImmediate(resolve))

/** @param {() => number} random @param {number} [start] */
export function virtualTime(random, start = 1_750_000_000_000) {
  let time = start
  let timers = /** @type {{ due: number, work: () => void }[]} */ ([])
  return {
    now: () => time,
    random,
    after: (/** @type {() => void} */ work, /** @type {number} */ ms) => {
      const timer = { due: time + ms, work }
      timers.push(timer)
      return timer
    },
    forget: (/** @type {any} */ timer) => {
      timers = timers.filter((one) => one !== timer)
    },
    /** @param {number} ms */
    advance: (ms) => {
      const until = time + ms
      for (let guard = 0; guard < 10000; guard++) {
        timers.sort((a, b) => a.due - b.due)
        const next = timers[0]
        if (!next || next.due > until) break
        timers.shift()
        time = Math.max(time, next.due)
        next.work()
      }
      time = until
    },
  }
}

/**
 * @typedef {object} Wire  one connection; messages wait in both directions
 * @property {Uint8Array[]} up
 * @property {Uint8Array[]} down
 * @property {boolean} isOpen
 * @property {() => boolean} deliverUp
 * @property {() => boolean} deliverDown
 * @property {() => void} cut
 */

/** A device whose records the test looks into without asking first.
 * @typedef {Omit<import('../src/index.js').Tidemark, 'get'> & {
 *   get: (id: string) => any }} Loose */

/** @param {{ seed: number, pageRows?: number }} options */
export function createWorld({ seed, pageRows }) {
  const random = seeded(seed)
  const time = virtualTime(random)
  const server = createFakeServer({ random, pageRows })
  /** @type {Set<Wire>} */
  const wires = new Set()
  let isUp = true

  /** @type {import('../src/link.js').Connect} */
  function connectSocket(_url, handlers) {
    let isOver = false
    /** @type {ReturnType<typeof server.accept> | null} */
    let peer = null
    /** @type {Wire} */
    const wire = {
      up: [],
      down: [],
      isOpen: false,
      deliverUp: () => {
        const bytes = wire.up.shift()
        if (!bytes) return false
        peer?.fromDevice(bytes)
        return true
      },
      deliverDown: () => {
        const bytes = wire.down.shift()
        if (!bytes || isOver) return false
        handlers.message(bytes)
        return true
      },
      cut: () => {
        if (isOver) return
        isOver = true
        peer?.gone()
        wires.delete(wire)
        handlers.closed('gone')
      },
    }
    if (!isUp) {
      queueMicrotask(() => wire.cut())
      return {
        send: () => {},
        interrupt: () => {},
        close: () => (isOver = true),
      }
    }
    wires.add(wire)
    queueMicrotask(() => {
      if (isOver) return
      peer = server.accept(
        (bytes) => void wire.down.push(bytes),
        () => queueMicrotask(wire.cut),
      )
      wire.isOpen = true
      handlers.opened()
    })
    return {
      send: (messages) => {
        if (!isOver) wire.up.push(...messages)
      },
      interrupt: () => {},
      close: () => {
        isOver = true
        peer?.gone()
        wires.delete(wire)
      },
    }
  }

  /** @param {any} identity @param {Record<string, any>} [more] */
  async function device(identity, more = {}) {
    const shelf = more.shelf ?? memoryShelf()
    /** @param {Record<string, any>} [again] @returns {Promise<Loose>} */
    const start = (again = {}) =>
      open({
        url: 'http://server',
        store: memoryStore(shelf),
        identity,
        schema: NOTES,
        connectSocket,
        road: 'websocket',
        world: time,
        tabs:
          more.tabs ??
          ((_name, handlers) => {
            queueMicrotask(handlers.lead)
            return { tell: () => {}, close: () => {} }
          }),
        ...again,
      })
    const tm = await start()
    await settle()
    return { tm, shelf, start, identity }
  }

  /** Deliver everything until nothing moves. @param {number} [rounds] */
  async function flow(rounds = 400) {
    for (let i = 0; i < rounds; i++) {
      await settle()
      let moved = false
      for (const wire of [...wires]) {
        while (wire.deliverUp()) moved = true
        while (wire.deliverDown()) moved = true
      }
      await settle()
      if (!moved && ![...wires].some((w) => w.up.length + w.down.length)) return
    }
    throw new Error('it never came to rest')
  }

  /** Time goes by, and whatever it wakes is delivered. @param {number} ms */
  async function pass(ms) {
    for (let left = ms; left > 0; left -= 500) {
      time.advance(Math.min(500, left))
      await flow()
    }
  }

  return {
    random,
    time,
    server,
    wires,
    device,
    flow,
    pass,
    /** @param {boolean} up */
    network: (up) => {
      isUp = up
      if (!up) for (const wire of [...wires]) wire.cut()
    },
  }
}
