// @ts-check
/**
 * Runs the replica on a store: the one place where events wait in a queue.
 *
 *     events -> step … step -> one write -> effects, live queries, answers
 *
 * Events that wait together are thought through together and written in one
 * go. The image moves at once, so that each sees the one before; if the store
 * says 'moved' (another tab was faster) or fails, the image is taken back, and
 * the events are thought again, or refused. Nothing is sent, shown or answered
 * before it is durable.
 */

import { applyToImage, createImage } from './image.js'
import { apply } from './text.js'
import { CLOSED, step } from './replica.js'
import { openMessage } from './message.js'
import { plainBody, readSegment } from './segment.js'
import { touchedBy } from './records.js'

const TOGETHER_MAX = 64
/** How long another tab's news may be on its way before all is read again. */
const NEWS_MS = 60

/**
 * @typedef {import('./store.js').Op} Op
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./replica.js').Event} Event
 * @typedef {import('./replica.js').Effect} Effect
 * @typedef {import('./replica.js').Session} Session
 * @typedef {import('./replica.js').Config} Config
 * @typedef {{ revision: number, ops: readonly Op[] }} News
 *
 * @typedef {object} Waiting
 * @property {Event | Promise<Event>} event
 * @property {number} epoch       of the connection that it came from; 0: none
 * @property {(seq: number) => void} resolve
 * @property {(error: any) => void} reject
 *
 * @typedef {object} EngineOptions
 * @property {Store} store
 * @property {Config} config
 * @property {() => number} now
 * @property {(effect: Effect, epoch: number) => void} act
 * @property {(ids: Set<string>, ops: readonly Op[],
 *   isOurs: boolean) => void} moved
 * @property {() => void} reset         all of it was read again
 * @property {(news: News) => void} tell other tabs
 * @property {(error: any) => void} broke  an event of the server's could not
 *   be taken in
 */

/** Read and inflate: nothing else waits inside a step.
 * @param {Uint8Array} bytes @param {number} now @returns {Promise<Event>} */
async function readEvent(bytes, now) {
  const message = /** @type {import('./message.js').ServerMessage} */ (
    await openMessage(bytes)
  )
  const segments = message.type === 'update' ? message.segments : []
  const bodies = []
  for (const segment of segments) {
    bodies.push(readSegment(await plainBody(segment)))
  }
  return { type: 'message', now, message, bodies }
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** @param {EngineOptions} options */
export async function createEngine(options) {
  const { store, config } = options
  /** @param {number} type @param {number} field */
  const isText = (type, field) =>
    config.catalog.field(type, field)?.rule === 'text'
  const read = async () => createImage(await store.open(), { isText })

  let image = await read()
  /** @type {Session} */
  let session = CLOSED
  let epoch = 0
  let isRunning = false
  let isOver = false
  /** @type {Waiting[]} */
  const queue = []
  /** @type {News[]} */
  let news = []
  /** @type {Set<() => void>} */
  const idle = new Set()

  /** @param {readonly Op[]} ops */
  const put = (ops) => applyToImage(image, ops, apply)

  /**
   * @param {readonly { event: Event, waiting: Waiting }[]} events
   */
  function think(events) {
    const before = { session, epoch }
    /** @type {Op[]} */
    const ops = []
    /** @type {Op[]} */
    let undo = []
    /** @type {Set<string>} */
    const ids = new Set()
    /** @type {(() => void)[]} */
    const after = []
    for (const { event, waiting } of events) {
      // What an earlier connection still had to say is not said any more.
      if (waiting.epoch && event.type !== 'open' && waiting.epoch !== epoch) {
        after.push(() => waiting.resolve(0))
        continue
      }
      if (event.type === 'open') epoch = waiting.epoch
      let done
      try {
        done = step(image, session, event, config)
      } catch (error) {
        after.push(() => waiting.reject(error))
        continue
      }
      const { effects, seq } = done
      session = done.session
      touchedBy(done.ops, image).forEach((id) => ids.add(id))
      undo = [...put(done.ops), ...undo]
      ops.push(...done.ops)
      const of = epoch
      after.push(() => {
        for (const effect of effects) options.act(effect, of)
        waiting.resolve(seq)
      })
    }
    return {
      ops,
      ids,
      finish: () => after.forEach((work) => work()),
      takeBack: () => {
        put(undo)
        session = before.session
        epoch = before.epoch
      },
    }
  }

  /** Follow what other tabs wrote. @returns {boolean} did anything come? */
  function follow() {
    let came = false
    news.sort((a, b) => a.revision - b.revision)
    news = news.filter(({ revision }) => revision > image.revision)
    while (news[0]?.revision === image.revision + 1) {
      const { ops, revision } = /** @type {News} */ (news.shift())
      const ids = touchedBy(ops, image)
      put(ops)
      image.revision = revision
      options.moved(ids, ops, false)
      came = true
    }
    return came
  }

  async function catchUp() {
    if (follow()) return
    await pause(NEWS_MS)
    if (follow()) return
    news = []
    image = await read()
    options.reset()
  }

  /** @param {readonly { event: Event, waiting: Waiting }[]} events */
  async function runTogether(events) {
    for (;;) {
      const thought = think(events)
      if (!thought.ops.length) {
        thought.finish()
        options.moved(thought.ids, thought.ops, true)
        return
      }
      let answer
      try {
        answer = await store.write(thought.ops, image.revision)
      } catch (error) {
        thought.takeBack()
        if (events.length > 1) {
          // One that does not fit must not take the others with it.
          for (const event of events) await runTogether([event])
          return
        }
        events[0].waiting.reject(error)
        return
      }
      if (answer === 'ok') {
        image.revision++
        options.tell({ revision: image.revision, ops: thought.ops })
        options.moved(thought.ids, thought.ops, true)
        thought.finish()
        return
      }
      thought.takeBack()
      try {
        await catchUp()
      } catch (error) {
        for (const { waiting } of events) waiting.reject(error)
        return
      }
    }
  }

  async function takeTogether() {
    /** @type {{ event: Event, waiting: Waiting }[]} */
    const events = []
    for (const waiting of queue.splice(0, TOGETHER_MAX)) {
      try {
        events.push({ event: await waiting.event, waiting })
      } catch (error) {
        waiting.reject(error)
      }
    }
    return events
  }

  async function run() {
    if (isRunning) return
    isRunning = true
    while (!isOver && (queue.length || news.length)) {
      follow()
      if (news.length) await catchUp().catch(options.broke)
      if (queue.length) await runTogether(await takeTogether())
    }
    isRunning = false
    for (const work of idle) work()
    idle.clear()
  }

  /** @param {Event | Promise<Event>} event @param {number} of
   * @returns {Promise<number>} */
  const enqueue = (event, of) =>
    new Promise((resolve, reject) => {
      if (isOver) {
        resolve(0)
        return
      }
      queue.push({ event, epoch: of, resolve, reject })
      void run()
    })

  return {
    get image() {
      return image
    },
    get session() {
      return session
    },
    /** A save: resolves with its seq once it is durable.
     * @param {readonly import('./edits.js').Wish[]} wishes
     * @param {string} [tag] */
    save: (wishes, tag) =>
      enqueue({ type: 'save', now: options.now(), wishes, tag }, 0),
    /** @param {Event} event @param {number} [of] */
    happen: (event, of = 0) => void enqueue(event, of).catch(options.broke),
    /** @param {Uint8Array} bytes @param {number} of */
    message: (bytes, of) => {
      const event = readEvent(bytes, options.now())
      event.catch(() => {}) // it is looked at in its turn
      enqueue(event, of).catch(options.broke)
    },
    /** @param {News} told */
    heard: (told) => {
      news.push(told)
      void run()
    },
    /** Write what is not an event's. @param {readonly Op[]} ops */
    write: async (ops) => {
      for (;;) {
        const answer = await store.write(ops, image.revision)
        if (answer === 'moved') {
          await catchUp()
          continue
        }
        put(ops)
        image.revision++
        return
      }
    },
    /** Once all that waits is done. @returns {Promise<void>} */
    settled: () =>
      new Promise((resolve) => {
        if (isRunning) idle.add(() => resolve())
        else resolve()
      }),
    stop: () => {
      isOver = true
    },
  }
}

/** @typedef {Awaited<ReturnType<typeof createEngine>>} Engine */
