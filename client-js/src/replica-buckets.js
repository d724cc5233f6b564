// @ts-check
/**
 * Buckets on their way to what the server has: folding what comes, asking for
 * what is missing, fetching again what does not agree. Part of replica.js.
 */

import { fieldsCame } from './outbox.js'
import { foldGroups, keepOnly } from './fold.js'

/** More than this on one connection, and something else is wrong. */
const HEALS_MAX = 20

/**
 * @typedef {import('./replica.js').Work} Work
 * @typedef {import('./message.js').Scope} Scope
 * @typedef {import('./segment.js').Group} Group
 */

/** @param {Work} work @returns {readonly Scope[]} */
export const scopeOf = (work) => work.draft.meta('scope')?.buckets ?? []

/** @param {Work} work @returns {Record<number, number>} */
export const cursorsOf = (work) => work.draft.meta('cursors')?.versions ?? {}

/** Never back. @param {Work} work @param {Iterable<readonly [number, number]>} to */
export function moveCursors(work, to) {
  const versions = { ...cursorsOf(work) }
  for (const [bucket, version] of to) {
    versions[bucket] = Math.max(versions[bucket] ?? 0, version)
  }
  work.draft.put('meta', { key: 'cursors', versions })
}

/** No more on this connection. @param {Work} work
 * @param {import('./replica.js').Effect} effect */
export function hangUp(work, effect) {
  work.effects.push(effect)
  work.session = { ...work.session, state: 'closed' }
}

/** @param {Work} work @param {readonly [number, number][]} cursors */
function pull(work, cursors) {
  const { session } = work
  const caughtUp = new Set(session.caughtUp)
  for (const [bucket] of cursors) caughtUp.delete(bucket)
  work.session = { ...session, caughtUp, state: 'catching', upToDate: false }
  if (session.road === 'post') return // the next hello asks for it
  work.effects.push({ do: 'send', messages: [{ type: 'pull', cursors }] })
}

/** Fetch these buckets again, from the start.
 * @param {Work} work @param {readonly number[]} buckets */
export function startHealing(work, buckets) {
  const heal = new Map(work.session.heal)
  const fresh = buckets.filter((bucket) => !heal.has(bucket))
  if (!fresh.length) return
  const heals = work.session.heals + 1
  if (heals > HEALS_MAX) {
    hangUp(work, { do: 'close', name: 'corrupt' })
    return
  }
  for (const bucket of fresh) {
    heal.set(bucket, { came: new Map(), started: false, to: 0 })
  }
  work.session = { ...work.session, heal, heals }
  pull(
    work,
    fresh.map((bucket) => [bucket, 0]),
  )
}

/** @param {Work} work @param {import('./message.js').Segment} segment
 * @param {readonly Group[]} groups */
export function takeSegment(work, segment, groups) {
  const { bucket, from, to } = segment
  const heal = work.session.heal.get(bucket)
  const cursor = cursorsOf(work)[bucket] ?? 0
  if (!scopeOf(work).some((b) => b.bucket === bucket)) return
  if (heal) {
    if (from === 0) heal.started = true
    if (heal.started) heal.to = Math.max(heal.to, to)
  } else if (from > cursor) {
    pull(work, [[bucket, cursor]])
    return
  }
  const { draft, session } = work
  const came = foldGroups(draft, bucket, groups, heal?.came)
  if (!session.caughtUp.has(bucket)) {
    fieldsCame(draft, came.fields, came.records)
  }
  if (came.whole) {
    moveCursors(work, [[bucket, to]])
  } else {
    startHealing(work, [bucket])
  }
}

/** The end of the fetch of one bucket, if this checkpoint is that.
 * @param {Work} work @param {import('./message.js').Sum} sum
 * @returns {boolean} */
export function finishHealing(work, sum) {
  const heal = work.session.heal.get(sum.bucket)
  if (!heal) return true
  // A checkpoint that was on its way before we asked says nothing.
  if (!heal.started && sum.count > 0) return false
  keepOnly(work.draft, sum.bucket, heal.came)
  const left = new Map(work.session.heal)
  left.delete(sum.bucket)
  work.session = { ...work.session, heal: left }
  work.effects.push({ do: 'tell', event: 'healed', detail: sum.bucket })
  return true
}

/** @param {Work} work @param {import('./message.js').Sum} sum */
export function agrees(work, sum) {
  const ours = work.draft.sum(sum.bucket)
  return (
    ours.count === sum.count && ours.low === sum.low && ours.high === sum.high
  )
}
