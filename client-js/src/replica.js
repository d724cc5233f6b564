// @ts-check
/**
 * The heart of a device: told what happened (an event, with the time), it
 * answers what to write, what to send and what to tell. It never sends, reads,
 * waits or asks the time, so a test drives it exactly as the world does.
 *
 *              opened            welcome           checkpoint
 *     CLOSED ---------> GREETING --------> CATCHING --------> LIVE
 *        ^                  |                  |      <------   |
 *        |                  |                  |    heal, new   |
 *        |                  |                  |     bucket     |
 *        `------------------'------------------'----------------'  closed
 *
 * `step(image, session, event)` changes neither: it answers the operations
 * that turn the image (and the store) into the next one, the next session, and
 * effects. Effects are carried out once the operations are durable, in order;
 * a step that could not be written never happened. The *session* is what
 * belongs to this connection and is not kept.
 *
 * Over POST each round is a conversation of its own (HELLO, PUSH, and a BEAT
 * that asks the server to wait): `round` greets again and goes on.
 */

import { canInflate } from './zip.js'
import { createDraft } from './image.js'
import { fromHex } from './id.js'
import { lastSealed, newSelf, selfOf, takeNext } from './outbox.js'
import { PROTOCOL } from './message.js'
import { receive } from './replica-receive.js'
import { save } from './replica-save.js'

/** How long the server may hold the answer to a POST. */
const WAIT_MS = 25000

/**
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./store.js').Op} Op
 * @typedef {import('./edits.js').Wish} Wish
 * @typedef {import('./message.js').DeviceMessage} DeviceMessage
 * @typedef {import('./message.js').ServerMessage} ServerMessage
 * @typedef {import('./message.js').Report} Report
 * @typedef {import('./segment.js').Group} Group
 *
 * @typedef {object} Heal  a bucket that is being fetched again
 * @property {Map<string, Set<number>>} came
 * @property {boolean} started  the first of it has come
 * @property {number} to        up to here
 *
 * @typedef {object} Session
 * @property {'closed' | 'greeting' | 'catching' | 'live'} state
 * @property {'websocket' | 'post' | null} road
 * @property {Uint8Array | null} nonce
 * @property {number} sent      our changes sent up to here
 * @property {number} before    … and up to here before this hello, perhaps
 * @property {ReadonlySet<number>} caughtUp  buckets that follow the head
 * @property {ReadonlyMap<number, Heal>} heal
 * @property {number} heals     how often, on this connection
 * @property {boolean} upToDate a checkpoint has come, and nothing since
 * @property {boolean} waiting  POST: the server holds its answer
 * @property {boolean} moved    POST: this round brought something
 * @property {number} gap       the last gap that was answered
 *
 * @typedef {{ type: 'save', now: number, wishes: readonly Wish[],
 *       tag: string | undefined }
 *   | { type: 'open', now: number, road: 'websocket' | 'post',
 *       nonce: Uint8Array }
 *   | { type: 'round', now: number, nonce: Uint8Array }
 *   | { type: 'message', now: number, message: ServerMessage,
 *       bodies: readonly (readonly Group[])[] }
 *   | { type: 'again', now: number }
 *   | { type: 'poke', now: number }
 *   | { type: 'ask', now: number }
 *   | { type: 'closed', now: number }} Event
 *   message: `bodies` are an update's segments, read; again: send once more
 *   what is not acknowledged; poke: another tab wrote something; ask: bring
 *   everything up to a new checkpoint
 *
 * @typedef {{ do: 'send', messages: readonly DeviceMessage[] }
 *   | { do: 'settled' }
 *   | { do: 'interrupt' }
 *   | { do: 'reconnect' }
 *   | { do: 'portal' }
 *   | { do: 'close', name: string }
 *   | { do: 'refused', name: string }
 *   | { do: 'bye', retryMs: number, spreadMs: number }
 *   | { do: 'later', ms: number }
 *   | { do: 'problem', name: string }
 *   | { do: 'complete' }
 *   | { do: 'entries', message: import('./message.js').Entries }
 *   | { do: 'tell', event: 'outcome' | 'acknowledged' | 'scope' |
 *       'healed', detail: any }} Effect
 *
 * @typedef {{ session: Session, effects: Effect[], ops: Op[], seq: number }} Step
 *   seq: of a save; 0: there was nothing to change
 *
 * @typedef {object} Config
 * @property {import('./catalog.js').Catalog} catalog
 * @property {string} appVersion
 * @property {boolean | null} storageKept
 *
 * @typedef {object} Work  a step being thought through
 * @property {Draft} draft
 * @property {Config} config
 * @property {Session} session
 * @property {Effect[]} effects
 * @property {number} now
 */

/** @type {Session} */
export const CLOSED = Object.freeze({
  state: 'closed',
  road: null,
  nonce: null,
  sent: 0,
  before: 0,
  caughtUp: new Set(),
  heal: new Map(),
  heals: 0,
  upToDate: false,
  waiting: false,
  moved: false,
  gap: 0,
})

/** @param {Draft} draft @param {Config} config @returns {Report} */
export function reportOf(draft, config) {
  const { made, consumed } = selfOf(draft)
  return {
    pending: made - consumed,
    oldest: draft.pending(consumed + 1)?.at ?? 0,
    storageKept: config.storageKept,
    appVersion: config.appVersion,
  }
}

/** @param {Work} work @param {Uint8Array} nonce @returns {DeviceMessage} */
function hello(work, nonce) {
  const { draft, config, session } = work
  const self = selfOf(draft)
  const identity = draft.meta('identity')
  const versions = draft.meta('cursors')?.versions ?? {}
  /** @type {[number, number][]} */
  const cursors = Object.entries(versions).map(([bucket, version]) => [
    Number(bucket),
    session.heal.get(Number(bucket))?.to ?? version,
  ])
  return {
    type: 'hello',
    protocol: PROTOCOL,
    nonce,
    device: identity.device,
    token: fromHex(identity.token),
    incarnation: self.incarnation,
    clock: work.now,
    acked: self.acked,
    chain: self.chain,
    timeline: draft.meta('server')?.timeline ?? null,
    cursors,
    report: reportOf(draft, config),
    zip: canInflate,
  }
}

/** The pushes that may go now. @param {Work} work @returns {DeviceMessage[]} */
function pushes(work) {
  /** @type {DeviceMessage[]} */
  const messages = []
  for (;;) {
    const taken = takeNext(work.draft, work.session.sent)
    if (!taken.length) return messages
    const { seq: first } = taken[0]
    const changes = taken.map((pending) => pending.bytes)
    messages.push({ type: 'push', first, changes })
    const sent = taken[taken.length - 1].seq
    work.session = { ...work.session, sent }
    if (work.session.road === 'post') return messages
  }
}

/** Say hello, and push without waiting for the answer.
 * @param {Work} work @param {Uint8Array} nonce @param {boolean} mayWait */
function greet(work, nonce, mayWait) {
  const { consumed } = selfOf(work.draft)
  work.session = {
    ...work.session,
    state: 'greeting',
    nonce,
    sent: consumed,
    before: lastSealed(work.draft),
    caughtUp: new Set(),
    waiting: false,
    moved: false,
    gap: 0,
  }
  const first = hello(work, nonce)
  const messages = [first, ...pushes(work)]
  // On the way, a body may be delivered twice: then the server has what this
  // very POST brings before it answers it.
  if (work.session.road === 'post') {
    work.session = { ...work.session, before: lastSealed(work.draft) }
  }
  const waiting = mayWait && messages.length === 1
  if (waiting) messages.push({ type: 'beat', waitMs: WAIT_MS })
  work.session = { ...work.session, waiting }
  work.effects.push({ do: 'send', messages })
}

/** The POST has been answered. @param {Work} work @param {Uint8Array} nonce */
function nextRound(work, nonce) {
  const { session, draft } = work
  const { made, consumed } = selfOf(draft)
  if (session.state === 'greeting') {
    work.effects.push({ do: 'close', name: 'malformed' })
    return
  }
  const isStuck = made > consumed && session.sent > consumed && !session.moved
  if (isStuck) {
    work.effects.push({ do: 'close', name: 'busy' }) // come back later
    return
  }
  greet(work, nonce, session.state === 'live' && !session.heal.size)
}

/** End a held answer: the next round asks anew. @param {Work} work */
function interrupt(work) {
  work.session = { ...work.session, waiting: false, state: 'catching' }
  work.effects.push({ do: 'interrupt' })
}

/** Send what has become ready. @param {Work} work */
function pump(work) {
  const { session, draft } = work
  if (session.state === 'closed') return
  if (session.road === 'websocket') {
    const messages = pushes(work)
    if (messages.length) work.effects.push({ do: 'send', messages })
    return
  }
  const { made } = selfOf(draft)
  if (session.waiting && made > session.sent) {
    interrupt(work)
  }
}

/** Is there anything new? The answer ends with a checkpoint.
 * @param {Work} work */
function ask(work) {
  const { session, draft } = work
  if (session.state === 'closed') return
  if (session.road === 'post') {
    if (session.waiting) interrupt(work)
    return
  }
  const versions = draft.meta('cursors')?.versions ?? {}
  const cursors = Object.entries(versions).map(
    ([bucket, version]) => /** @type {const} */ ([Number(bucket), version]),
  )
  work.session = { ...session, state: 'catching', upToDate: false }
  work.effects.push({ do: 'send', messages: [{ type: 'pull', cursors }] })
}

/** @param {Work} work @param {Event} event @returns {number} */
function happen(work, event) {
  switch (event.type) {
    case 'save': {
      const seq = save(work, event.wishes, event.tag)
      pump(work)
      return seq
    }
    case 'open':
      work.session = { ...CLOSED, road: event.road }
      greet(work, event.nonce, false)
      return 0
    case 'round':
      if (work.session.state !== 'closed') nextRound(work, event.nonce)
      return 0
    case 'message':
      if (work.session.state !== 'closed') {
        receive(work, event.message, event.bodies)
        pump(work)
      }
      return 0
    case 'again': {
      const { consumed } = selfOf(work.draft)
      work.session = { ...work.session, sent: consumed }
      pump(work)
      return 0
    }
    case 'poke':
      pump(work)
      return 0
    case 'ask':
      ask(work)
      return 0
    case 'closed':
      work.session = CLOSED
      return 0
  }
}

/**
 * @param {Image} image @param {Session} session @param {Event} event
 * @param {Config} config @returns {Step}
 */
export function step(image, session, event, config) {
  const draft = createDraft(image)
  if (!draft.meta('self')) draft.put('meta', newSelf(event.now))
  /** @type {Work} */
  const work = { draft, config, session, effects: [], now: event.now }
  const seq = happen(work, event)
  return { session: work.session, effects: work.effects, ops: draft.ops(), seq }
}
