// @ts-check
/** What the server says, taken in: part of replica.js. */

import { encodeTouches } from './edits.js'
import { errName } from './err.js'
import { dropKeptOf, trimKept } from './kept.js'
import { followTimeline, makeAnew } from './replica-timeline.js'
import { purgeBucket } from './fold.js'
import {
  clearBack,
  consume,
  newIncarnation,
  selfOf,
  textUnits,
  unconsume,
} from './outbox.js'
import {
  agrees,
  cursorsOf,
  finishHealing,
  hangUp,
  moveCursors,
  scopeOf,
  startHealing,
  takeSegment,
} from './replica-buckets.js'
import { unitKey } from './image.js'
import { movedEdit } from './texts.js'

/** The server's disk is full: how long until we ask again. */
const FULL_MS = 15000

const HELD = 4

/**
 * @typedef {import('./replica.js').Work} Work
 * @typedef {import('./message.js').ServerMessage} ServerMessage
 * @typedef {import('./message.js').Scope} Scope
 * @typedef {import('./segment.js').Group} Group
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./image.js').Held} Held
 */

/** Where a change's bucket stands; buckets that are not ours do not count.
 * @param {Work} work @returns {import('./outbox.js').StandingOf} */
function standings(work) {
  const versions = cursorsOf(work)
  const scope = scopeOf(work)
  const { caughtUp } = work.session
  return (bucket) => {
    const known = scope.find((b) => b.bucket === bucket || b.name === bucket)
    if (!known) return { cursor: Infinity, isCatchingUp: false }
    return {
      cursor: versions[known.bucket] ?? 0,
      isCatchingUp: !caughtUp.has(known.bucket),
    }
  }
}

/** @param {Work} work @param {readonly Scope[]} buckets */
function setScope(work, buckets) {
  const { draft } = work
  const ours = new Set(buckets.map((b) => b.bucket))
  const was = scopeOf(work)
  const versions = { ...cursorsOf(work) }
  const gone = [
    ...Object.keys(versions).map(Number),
    ...was.map((b) => b.bucket),
  ]
  const lost = new Set(gone.filter((bucket) => !ours.has(bucket)))
  for (const bucket of lost) {
    purgeBucket(draft, bucket)
    delete versions[bucket]
  }
  if (lost.size) dropKeptOf(draft, lost)
  draft.put('meta', { key: 'cursors', versions })
  const isSame = JSON.stringify(was) === JSON.stringify(buckets)
  if (isSame) return
  draft.put('meta', { key: 'scope', buckets: buckets.map((b) => ({ ...b })) })
  work.effects.push({ do: 'tell', event: 'scope', detail: null })
}

/** Nothing of ours is where the server says it is: number afresh.
 * @param {Work} work @param {number} has @param {number} [same] */
function startAfresh(work, has, same) {
  newIncarnation(work.draft, work.now, has, same)
  hangUp(work, { do: 'reconnect' })
}

/** @param {Work} work
 * @param {Parameters<typeof consume>[1]} told */
function acknowledge(work, told) {
  for (const { seq, tags } of consume(work.draft, told)) {
    const detail = { seq, tags }
    work.effects.push({ do: 'tell', event: 'acknowledged', detail })
  }
}

/** Where the server says our queue stands.
 * @param {Work} work @param {number} seq @param {number} version
 * @returns {boolean} false: we have started afresh */
function agreeOnQueue(work, seq, version) {
  const { draft } = work
  const self = selfOf(draft)
  // What we had not sent before this hello, the server cannot have from us.
  const isCopied = seq > work.session.before
  if (isCopied || seq < self.acked) {
    startAfresh(work, isCopied ? Infinity : seq)
    return false
  }
  if (seq < self.consumed) unconsume(draft, seq)
  if (seq > 0) acknowledge(work, { last: seq, version, told: 'welcome' })
  return true
}

/** @param {Uint8Array | null} a @param {Uint8Array} b */
const sameBytes = (a, b) =>
  a?.length === b.length && a.every((byte, i) => byte === b[i])

/** @param {Work} work
 * @param {import('./message.js').Welcome} welcome */
function onWelcome(work, welcome) {
  const { draft } = work
  if (!sameBytes(work.session.nonce, welcome.nonce)) {
    hangUp(work, { do: 'portal' })
    return
  }
  work.effects.push({ do: 'settled' })
  const { timeline, fork, safe, replica, person } = welcome
  const was = draft.meta('server')
  draft.put('meta', { key: 'server', timeline, fork, safe, replica, person })
  const isAnother = was && was.timeline !== timeline
  if (isAnother && followTimeline(work, welcome)) {
    setScope(work, welcome.scope)
    hangUp(work, { do: 'reconnect' })
    return
  }
  if (!agreeOnQueue(work, welcome.seq, welcome.version)) return
  work.session = { ...work.session, state: 'catching' }
  setScope(work, welcome.scope)
  trimKept(draft, work.now)
  clearBack(draft, standings(work), work.now)
}

/** @param {Pending} pending @param {number} index counted through the change
 * @returns {{ record: string, type: number, field: number } | null} */
function editAt(pending, index) {
  const all = pending.touches.flatMap(({ record, type, edits }) =>
    edits.map(({ field }) => ({ record, type, field })),
  )
  return all[Math.max(0, index)] ?? null
}

/** @param {Work} work @param {Pending} pending
 * @param {import('./message.js').Exception} exception */
function keepHeld(work, pending, { seq, index, reason }) {
  const { draft, config } = work
  const at = editAt(pending, index)
  const field = at && config.catalog.field(at.type, at.field)
  /** @type {Held} */
  const held = {
    key: `${selfOf(draft).incarnation}/${seq}/${index}`,
    seq,
    at: pending.at,
    record: at?.record ?? '',
    field: index < 0 ? null : (field?.name ?? null),
    reason: errName(reason),
  }
  draft.put('held', held)
}

/** A held change did not become true: unsent typing that was made on it moves
 * to the confirmed text. @param {Work} work @param {Pending} held */
function moveDependents(work, held) {
  const { draft, config } = work
  const units = new Set(textUnits(held))
  if (!units.size) return
  const { made } = selfOf(draft)
  for (let seq = held.seq + 1; seq <= made; seq++) {
    const pending = draft.pending(seq)
    if (!pending || pending.sealed) continue
    if (!textUnits(pending).some((unit) => units.has(unit))) continue
    const touches = pending.touches.map((touch) => ({
      ...touch,
      edits: touch.edits.map((edit) => {
        const key = unitKey(touch.record, edit.field)
        if (edit.base === undefined || !units.delete(key)) return edit
        const field = config.catalog.field(touch.type, edit.field)
        const fields = draft.record(touch.record)?.fields ?? {}
        const unit = field?.unit ?? [edit.field]
        const seen = Math.max(0, ...unit.map((no) => fields[no]?.v ?? 0))
        return movedEdit(draft, touch.record, edit, seen)
      }),
    }))
    const bytes = encodeTouches(pending.at, touches, config.catalog)
    draft.put('outbox', { ...pending, touches, bytes })
  }
}

/** What has become of our edits. @param {Work} work
 * @param {import('./message.js').Outcome} outcome */
function onOutcome(work, outcome) {
  const { draft } = work
  for (const exception of outcome.exceptions) {
    const pending = draft.pending(exception.seq)
    if (!pending || exception.outcome !== HELD) continue
    keepHeld(work, pending, exception)
    if (exception.index >= 0) continue
    draft.put('outbox', { ...pending, held: true })
    moveDependents(work, pending)
  }
  work.effects.push({ do: 'tell', event: 'outcome', detail: outcome })
}

/** Everything is sent and received. @param {Work} work */
function noteComplete({ draft, session, now }) {
  const { consumed, made } = selfOf(draft)
  if (session.upToDate && consumed === made) {
    draft.put('meta', { key: 'last', complete: now })
  }
}

/** @param {Work} work @param {import('./message.js').Update} update
 * @param {readonly (readonly Group[])[]} bodies */
function onUpdate(work, update, bodies) {
  // Beyond `made` they are not ours, but a copy's.
  const { made } = selfOf(work.draft)
  const outcomes = update.outcomes.filter(({ last }) => last <= made)
  for (const { last, version } of outcomes) {
    acknowledge(work, { last, version, told: 'outcome' })
  }
  update.segments.forEach((segment, i) => takeSegment(work, segment, bodies[i]))
  for (const outcome of outcomes) onOutcome(work, outcome)
  if (update.head > 0) {
    const { caughtUp, heal } = work.session
    const following = [...caughtUp].filter((bucket) => !heal.has(bucket))
    moveCursors(
      work,
      following.map((bucket) => [bucket, update.head]),
    )
  }
  clearBack(work.draft, standings(work), work.now)
  if (outcomes.length) noteComplete(work)
  if (update.segments.length || update.outcomes.length) {
    work.session = { ...work.session, moved: true }
  }
}

/** @param {Work} work
 * @param {import('./message.js').Checkpoint} checkpoint */
function onCheckpoint(work, { head, sums }) {
  const { draft } = work
  const buckets = new Set(scopeOf(work).map((b) => b.bucket))
  const done = sums.filter((sum) => buckets.has(sum.bucket))
  const ended = done.filter((sum) => finishHealing(work, sum))
  const wrong = ended.filter((sum) => !agrees(work, sum)).map((s) => s.bucket)
  for (const bucket of wrong) buckets.delete(bucket)
  for (const bucket of work.session.heal.keys()) buckets.delete(bucket)
  moveCursors(
    work,
    [...buckets].map((bucket) => [bucket, head]),
  )
  work.session = {
    ...work.session,
    caughtUp: buckets,
    state: 'live',
    upToDate: true,
    moved: true,
  }
  startHealing(work, wrong)
  clearBack(draft, standings(work), work.now)
  if (work.session.heal.size) {
    work.session = { ...work.session, state: 'catching', upToDate: false }
    return
  }
  makeAnew(work)
  work.effects.push({ do: 'complete' })
  noteComplete(work)
}

/** @param {Work} work @param {number} expected */
function onGap(work, expected) {
  const { draft, session } = work
  const { acked, made } = selfOf(draft)
  const last = expected - 1
  if (last < acked || last > made) {
    startAfresh(work, last > made ? Infinity : last)
    return
  }
  if (session.gap === expected) {
    hangUp(work, { do: 'close', name: 'gap' })
    return
  }
  unconsume(draft, last)
  work.session = { ...session, sent: last, gap: expected }
}

/** @param {Work} work
 * @param {import('./message.js').ErrorMessage} error */
function onError(work, { name, detail }) {
  switch (name) {
    case 'gap':
      onGap(work, detail)
      return
    case 'cloned':
      startAfresh(work, Infinity, detail)
      return
    case 'full':
      work.effects.push({ do: 'problem', name })
      work.effects.push({ do: 'later', ms: FULL_MS })
      return
    case 'denied':
    case 'unknown_record':
    case 'unknown_bucket':
      work.effects.push({ do: 'problem', name }) // of a question, see engine.js
      return
    case 'unknown_device':
    case 'protocol':
      hangUp(work, { do: 'refused', name })
      return
    default:
      hangUp(work, { do: 'close', name })
  }
}

/**
 * @param {Work} work @param {ServerMessage} message
 * @param {readonly (readonly Group[])[]} bodies
 */
export function receive(work, message, bodies) {
  const isGreeted = work.session.state !== 'greeting'
  switch (message.type) {
    case 'welcome':
      onWelcome(work, message)
      return
    case 'error':
      onError(work, message)
      return
    case 'bye':
      hangUp(work, {
        do: 'bye',
        retryMs: message.retryMs,
        spreadMs: message.spreadMs,
      })
      return
    case 'entries':
      work.effects.push({ do: 'entries', message })
      return
    case 'beaten':
    case 'enrolled':
      return
    case 'update':
      if (isGreeted) onUpdate(work, message, bodies)
      return
    case 'checkpoint':
      if (isGreeted) onCheckpoint(work, message)
      return
    case 'scope':
      if (!isGreeted) return
      work.session = { ...work.session, state: 'catching', upToDate: false }
      setScope(work, message.scope)
      clearBack(work.draft, standings(work), work.now)
  }
}
