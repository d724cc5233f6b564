// @ts-check
/**
 * The queue of our own changes: numbered, in order, each sent until it is
 * known to be consumed, each shown until it is known to be back.
 *
 *     1           acked         consumed            sent          made
 *     ------------->|------------->|---------------->|------------->|
 *       back and         the server     sent on this     waiting
 *       forgotten        has it         connection
 *
 * `self` (in meta) keeps the marks that outlive a connection:
 * @typedef {object} Self
 * @property {'self'} key
 * @property {number} incarnation
 * @property {number} made      the last seq given out
 * @property {number} consumed  the server has consumed up to here
 * @property {number} acked     everything up to here is back
 * @property {Uint8Array} chain the hash chain at `acked`
 *
 * A change is *sealed* in the store before it is sent for the first time.
 * From then on its bytes never change; before that, typing may still join it.
 * A seq that the server has consumed though we never sealed it was made by a
 * copy of this device: a clone.
 */

import { chainAfter, CHAIN_BYTES } from './hash.js'
import { CHANGE_BYTES_MAX } from './change.js'
import { PUSH_CHANGES_MAX } from './message.js'
import { keep, trimKept } from './kept.js'
import { unitKey } from './image.js'

/**
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./image.js').Touch} Touch
 */

/** @param {number} incarnation @returns {Self} */
export const newSelf = (incarnation) => ({
  key: 'self',
  incarnation,
  made: 0,
  consumed: 0,
  acked: 0,
  chain: new Uint8Array(CHAIN_BYTES),
})

/** @param {Draft} draft @returns {Self} */
export const selfOf = (draft) => draft.meta('self')

/**
 * @param {Draft} draft
 * @param {{ at: number, touches: Touch[], bytes: Uint8Array,
 *   tags: string[] }} made
 * @returns {number} its seq
 */
export function append(draft, { at, touches, bytes, tags }) {
  const self = selfOf(draft)
  const seq = self.made + 1
  draft.put('meta', { ...self, made: seq })
  /** @type {Pending} */
  const pending = {
    seq,
    at,
    bytes,
    touches,
    tags,
    sealed: false,
    version: 0,
    told: null,
    held: false,
    cleared: false,
  }
  draft.put('outbox', pending)
  return seq
}

/** The last change that may have been sent already. @param {Draft} draft */
export function lastSealed(draft) {
  const { acked, made } = selfOf(draft)
  let seq = made
  while (seq > acked && !draft.pending(seq)?.sealed) seq--
  return seq
}

/** The text fields that a change edits. @param {Pending} pending */
export const textUnits = (pending) =>
  pending.touches.flatMap(({ record, edits }) =>
    edits
      .filter((edit) => edit.base !== undefined)
      .map((edit) => unitKey(record, edit.field)),
  )

/**
 * What to send next, after `sent`: in order, and no second edit of a text
 * while one is not consumed. Seals it.
 * @param {Draft} draft @param {number} sent
 * @returns {Pending[]}
 */
export function takeNext(draft, sent) {
  const { consumed, made } = selfOf(draft)
  /** @type {Set<string>} */
  const inFlight = new Set()
  for (let seq = consumed + 1; seq <= sent; seq++) {
    const pending = draft.pending(seq)
    if (pending) textUnits(pending).forEach((unit) => inFlight.add(unit))
  }
  /** @type {Pending[]} */
  const taken = []
  let bytes = 0
  for (let seq = Math.max(sent, consumed) + 1; seq <= made; seq++) {
    const pending = draft.pending(seq)
    if (!pending || taken.length === PUSH_CHANGES_MAX) break
    if (pending.fork !== undefined) break // it is made anew first
    const units = textUnits(pending)
    if (units.some((unit) => inFlight.has(unit))) break
    bytes += pending.bytes.length
    if (taken.length && bytes > CHANGE_BYTES_MAX) break
    units.forEach((unit) => inFlight.add(unit))
    if (!pending.sealed) draft.put('outbox', { ...pending, sealed: true })
    taken.push(pending)
  }
  return taken
}

/**
 * The server has consumed everything up to `last`.
 * @param {Draft} draft
 * @param {{ last: number, version: number, told: 'outcome' | 'welcome' }} told
 * @returns {Pending[]} those of which we had not known
 */
export function consume(draft, { last, version, told }) {
  const self = selfOf(draft)
  /** @type {Pending[]} */
  const fresh = []
  for (let seq = self.acked + 1; seq <= last; seq++) {
    const pending = draft.pending(seq)
    if (!pending || (pending.version && told === 'welcome')) continue
    const known = pending.version || version
    if (!pending.version) fresh.push(pending)
    draft.put('outbox', { ...pending, sealed: true, version: known, told })
  }
  if (last > self.consumed) draft.put('meta', { ...self, consumed: last })
  return fresh
}

/** As if the server had never heard of it. @param {Pending} pending
 * @returns {Pending} */
export const asUnsent = (pending) => ({
  ...pending,
  touches: pending.touches.map((touch) => ({
    ...touch,
    edits: touch.edits.map((edit) => ({ ...edit, back: false })),
  })),
  version: 0,
  told: null,
  held: false,
  cleared: false,
})

/** The server has only consumed up to `last`: the rest is sent again.
 * @param {Draft} draft @param {number} last */
export function unconsume(draft, last) {
  const self = selfOf(draft)
  for (let seq = last + 1; seq <= self.consumed; seq++) {
    const pending = draft.pending(seq)
    if (!pending) continue
    draft.put('outbox', asUnsent(pending))
  }
  draft.put('meta', { ...self, consumed: Math.min(self.consumed, last) })
}

/**
 * Where a bucket stands. Infinity: not ours, it does not count.
 * @typedef {{ cursor: number, isCatchingUp: boolean }} Standing
 * @typedef {(bucket: number | string) => Standing} StandingOf
 */

/**
 * A change is back when it is consumed and the cursors of all its buckets have
 * reached its version. While a bucket is catching up that is not enough: what
 * others changed after us comes in a later page. Then each edit is back when
 * its field has come (fieldsCame), and the rest at the checkpoint.
 * @param {Pending} pending @param {StandingOf} standing
 */
const isBack = (pending, standing) =>
  pending.touches.every((touch) => {
    const { cursor, isCatchingUp } = standing(touch.bucket)
    if (cursor < pending.version) return false
    return !isCatchingUp || touch.edits.every((edit) => edit.back)
  })

/**
 * These fields have come from a server that has consumed our edits of them:
 * what came has them in it.
 * @param {Draft} draft @param {ReadonlySet<string>} came  unit keys
 * @param {ReadonlySet<string>} records  theirs
 */
export function fieldsCame(draft, came, records) {
  for (const record of records) {
    for (const pending of draft.pendingOf(record)) {
      if (!pending.version) continue
      const touches = pending.touches.map((touch) => ({
        ...touch,
        edits: touch.edits.map((edit) =>
          came.has(unitKey(touch.record, edit.field))
            ? { ...edit, back: true }
            : edit,
        ),
      }))
      draft.put('outbox', { ...pending, touches })
    }
  }
}

/**
 * Clear what is back: consumed with a version, and the cursors of all the
 * buckets that it touches have reached that version.
 * @param {Draft} draft @param {StandingOf} standing @param {number} now
 */
export function clearBack(draft, standing, now) {
  const { acked, consumed } = selfOf(draft)
  for (let seq = acked + 1; seq <= consumed; seq++) {
    const pending = draft.pending(seq)
    if (!pending || pending.cleared || !isBack(pending, standing)) continue
    draft.put('outbox', { ...pending, cleared: true })
  }
  for (let seq = acked + 1; seq <= consumed; seq++) {
    const pending = draft.pending(seq)
    if (!pending?.cleared) break
    const self = selfOf(draft)
    const chain = chainAfter(self.chain, pending.bytes)
    const { incarnation } = self
    draft.put('meta', { ...self, acked: seq, chain })
    draft.drop('outbox', seq, !pending.held)
    keep(draft, pending, { incarnation, now, version: pending.version })
  }
  if (selfOf(draft).acked > acked) trimKept(draft, now)
}

/**
 * This device's numbering is not its own any more, or the server has lost some
 * of it: start afresh. What the server is not known to have is numbered again
 * from 1, in order; the bytes stay.
 * @param {Draft} draft @param {number} now
 * @param {number} has  the server has what it said it had, up to here
 * @param {number} [same]  and what is ours surely up to here
 */
export function newIncarnation(draft, now, has, same = 0) {
  const self = selfOf(draft)
  /** @type {Pending[]} */
  const again = []
  for (let seq = self.acked + 1; seq <= self.made; seq++) {
    const pending = draft.pending(seq)
    if (!pending) continue
    draft.drop('outbox', seq)
    const { version } = pending
    const isThere = (pending.told === 'outcome' && seq <= has) || seq <= same
    if (!isThere) again.push(pending)
    else keep(draft, pending, { incarnation: self.incarnation, now, version })
  }
  const fresh = newSelf(Math.max(now, self.incarnation + 1))
  draft.put('meta', { ...fresh, made: again.length })
  again.forEach((pending, i) =>
    draft.put('outbox', { ...asUnsent(pending), seq: i + 1 }),
  )
}
