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
import { safely } from './fault.js'
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

/**
 * @typedef {{ event: Event, waiting: Waiting }} Taken
 *
 * @typedef {object} State
 * @property {EngineOptions} options
 * @property {() => Promise<Image>} read
 * @property {Image} image
 * @property {Session} session
 * @property {number} epoch     of the connection whose events count
 * @property {boolean} isRunning
 * @property {boolean} isOver
 * @property {Waiting[]} queue
 * @property {News[]} news      what other tabs wrote, not yet followed
 * @property {(() => void)[]} idle  run when nothing waits any more
 *
 * @typedef {object} Thought    events thought through, not yet written
 * @property {Op[]} ops
 * @property {Op[]} undo
 * @property {Set<string>} ids  records that may look different
 * @property {(() => void)[]} after  once it is durable
 * @property {{ session: Session, epoch: number }} before
 */

/** @param {State} e @param {readonly Op[]} ops */
const put = (e, ops) => applyToImage(e.image, ops, apply)

/** @param {State} e @param {Thought} thought @param {Taken} taken */
function thinkOne(e, thought, { event, waiting }) {
  // What an earlier connection still had to say is not said any more.
  if (waiting.epoch && event.type !== 'open' && waiting.epoch !== e.epoch) {
    thought.after.push(() => waiting.resolve(0))
    return
  }
  if (event.type === 'open') e.epoch = waiting.epoch
  let done
  try {
    done = step(e.image, e.session, event, e.options.config)
  } catch (error) {
    thought.after.push(() => waiting.reject(error))
    return
  }
  const { effects, ops, seq } = done
  e.session = done.session
  touchedBy(ops, e.image).forEach((id) => thought.ids.add(id))
  thought.undo = [...put(e, ops), ...thought.undo]
  thought.ops.push(...ops)
  const { epoch } = e
  thought.after.push(() => {
    waiting.resolve(seq)
    for (const effect of effects) e.options.act(effect, epoch)
  })
}

/** @param {State} e @param {readonly Taken[]} events @returns {Thought} */
function think(e, events) {
  const before = { session: e.session, epoch: e.epoch }
  /** @type {Thought} */
  const thought = { ops: [], undo: [], ids: new Set(), after: [], before }
  for (const taken of events) thinkOne(e, thought, taken)
  return thought
}

/** @param {State} e @param {Thought} thought */
function takeBack(e, { undo, before }) {
  put(e, undo)
  e.session = before.session
  e.epoch = before.epoch
}

/** It is durable: others may know. @param {State} e @param {Thought} thought */
function finish(e, { ops, ids, after }) {
  if (ops.length) {
    e.image.revision++
    e.options.tell({ revision: e.image.revision, ops })
  }
  safely(() => e.options.moved(ids, ops, true))
  for (const work of after) safely(work)
}

/** Follow what other tabs wrote. @param {State} e
 * @returns {boolean} did anything come? */
function follow(e) {
  let came = false
  e.news.sort((a, b) => a.revision - b.revision)
  e.news = e.news.filter(({ revision }) => revision > e.image.revision)
  while (e.news[0]?.revision === e.image.revision + 1) {
    const { ops, revision } = /** @type {News} */ (e.news.shift())
    const ids = touchedBy(ops, e.image)
    put(e, ops)
    e.image.revision = revision
    safely(() => e.options.moved(ids, ops, false))
    came = true
  }
  return came
}

/** Another tab was faster. @param {State} e */
async function catchUp(e) {
  if (follow(e)) return
  await pause(NEWS_MS)
  if (follow(e)) return
  e.news = []
  e.image = await e.read()
  e.options.reset()
}

/** @param {State} e @param {readonly Taken[]} events */
async function runTogether(e, events) {
  for (;;) {
    const thought = think(e, events)
    /** @type {'ok' | 'moved'} */
    let answer = 'ok'
    try {
      const { ops } = thought
      const { store } = e.options
      if (ops.length) answer = await store.write(ops, e.image.revision)
    } catch (error) {
      takeBack(e, thought)
      await refuse(e, events, error)
      return
    }
    if (answer === 'ok') {
      finish(e, thought)
      return
    }
    takeBack(e, thought)
    try {
      await catchUp(e)
    } catch (error) {
      for (const { waiting } of events) waiting.reject(error)
      return
    }
  }
}

/** They could not be written. @param {State} e
 * @param {readonly Taken[]} events @param {unknown} error */
async function refuse(e, events, error) {
  if (events.length === 1) {
    events[0].waiting.reject(error)
    return
  }
  // One that does not fit must not take the others with it.
  for (const event of events) await runTogether(e, [event])
}

/** @param {State} e @returns {Promise<Taken[]>} */
async function takeTogether(e) {
  /** @type {Taken[]} */
  const events = []
  for (const waiting of e.queue.splice(0, TOGETHER_MAX)) {
    try {
      events.push({ event: await waiting.event, waiting })
    } catch (error) {
      waiting.reject(error)
    }
  }
  return events
}

/** @param {State} e */
async function run(e) {
  if (e.isRunning) return
  e.isRunning = true
  while (!e.isOver && (e.queue.length || e.news.length)) {
    follow(e)
    if (e.news.length) await catchUp(e).catch(e.options.broke)
    if (e.queue.length) await runTogether(e, await takeTogether(e))
  }
  e.isRunning = false
  for (const work of e.idle.splice(0)) work()
}

/** @param {State} e @param {Event | Promise<Event>} event @param {number} epoch
 * @returns {Promise<number>} */
const enqueue = (e, event, epoch) =>
  new Promise((resolve, reject) => {
    if (e.isOver) {
      resolve(0)
      return
    }
    e.queue.push({ event, epoch, resolve, reject })
    void run(e)
  })

/** @param {State} e @param {readonly Op[]} ops */
async function writePlainly(e, ops) {
  while ((await e.options.store.write(ops, e.image.revision)) === 'moved') {
    await catchUp(e)
  }
  put(e, ops)
  e.image.revision++
}

/** @param {EngineOptions} options */
export async function createEngine(options) {
  const { store, config } = options
  /** @param {number} type @param {number} field */
  const isText = (type, field) =>
    config.catalog.field(type, field)?.rule === 'text'
  const read = async () => createImage(await store.open(), { isText })
  /** @type {State} */
  const e = {
    options,
    read,
    image: await read(),
    session: CLOSED,
    epoch: 0,
    isRunning: false,
    isOver: false,
    queue: [],
    news: [],
    idle: [],
  }
  return {
    get image() {
      return e.image
    },
    get session() {
      return e.session
    },
    /** A save: resolves with its seq once it is durable.
     * @param {readonly import('./edits.js').Wish[]} wishes
     * @param {string} [tag] */
    save: (wishes, tag) =>
      enqueue(e, { type: 'save', now: options.now(), wishes, tag }, 0),
    /** @param {Event} event @param {number} [epoch] */
    happen: (event, epoch = 0) =>
      void enqueue(e, event, epoch).catch(options.broke),
    /** @param {Uint8Array} bytes @param {number} epoch */
    message: (bytes, epoch) => {
      const event = readEvent(bytes, options.now())
      event.catch(() => {}) // it is looked at in its turn
      enqueue(e, event, epoch).catch(options.broke)
    },
    /** @param {News} told */
    heard: (told) => {
      e.news.push(told)
      void run(e)
    },
    /** Write what is not an event's; nothing else may be waiting.
     * @param {readonly Op[]} ops */
    write: (ops) => writePlainly(e, ops),
    /** Once nothing waits any more. @returns {Promise<void>} */
    settled: () =>
      new Promise((resolve) => {
        if (e.isRunning) e.idle.push(resolve)
        else resolve()
      }),
    stop: () => {
      e.isOver = true
    },
  }
}

/** @typedef {Awaited<ReturnType<typeof createEngine>>} Engine */
