// @ts-check
/** What the screens say about the work: words made from the device's state. */

import { errText } from './err.js'
import { settledStatus, signoffsOf } from './asked.js'

/**
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./replica.js').Session} Session
 *
 * @typedef {'on_this_tablet' | 'sending' | 'sent' | 'needs_decision' | 'held' |
 *   'signed' | 'shared'} WorkStatus
 *
 * @typedef {{ name: string, message: string }} Problem
 *
 * @typedef {object} Talk  how it stands with the server: the leader's to say
 * @property {import('./link.js').LinkState} link
 * @property {'websocket' | 'post' | null} road
 * @property {number} sent      our changes sent up to here
 * @property {boolean} upToDate
 * @property {Problem | null} problem
 *
 * @typedef {object} Status
 * @property {import('./link.js').LinkState} link
 * @property {'websocket' | 'post' | null} road
 * @property {number} pending
 * @property {boolean} sending
 * @property {number | null} oldest
 * @property {boolean} upToDate
 * @property {number | null} lastComplete
 * @property {boolean | null} storageKept
 * @property {Problem | null} problem
 */

const NOTHING = { made: 0, consumed: 0 }

/** @param {Image} image @returns {{ made: number, consumed: number }} */
const marksOf = (image) => image.meta.get('self') ?? NOTHING

/** @param {Image} image @param {Talk} talk @param {boolean | null} storageKept
 * @returns {Status} */
export function statusOf(image, talk, storageKept) {
  const { made, consumed } = marksOf(image)
  const { link, road, sent, upToDate, problem } = talk
  return {
    link,
    road,
    pending: made - consumed,
    sending: made > consumed && sent > consumed,
    oldest: image.outbox.get(consumed + 1)?.at ?? null,
    upToDate,
    lastComplete: image.meta.get('last')?.complete ?? null,
    storageKept,
    problem,
  }
}

/** @param {Image} image @param {Talk} talk */
export function waitingOf(image, { sent }) {
  const { made, consumed } = marksOf(image)
  const all = []
  for (let seq = consumed + 1; seq <= made; seq++) {
    const pending = image.outbox.get(seq)
    if (!pending) continue
    all.push({
      seq,
      at: pending.at,
      records: pending.touches.map((touch) => touch.record),
      sending: seq <= sent,
    })
  }
  return all
}

/** @param {Image} image */
export const heldOf = (image) =>
  [...image.held.values()].map(({ seq, at, record, field, reason }) => ({
    seq,
    at,
    record,
    field, // null: the whole change
    reason,
    message: errText(reason),
  }))

/** A record, and the signatures of it that are made on this device.
 * @param {import('./asked.js').Shelf} shelf @param {Talk} talk
 * @param {string} id @returns {WorkStatus} */
export function workStatusOf(shelf, talk, id) {
  const image = shelf.image()
  const { consumed } = marksOf(image)
  const signatures = signoffsOf(shelf, id).filter(({ outcome }) => !outcome)
  const unsent = [id, ...signatures.map((signoff) => signoff.id)]
    .flatMap((one) => [...(image.pendingOf.get(one) ?? [])])
    .filter((seq) => seq > consumed)
  if (unsent.length) {
    return Math.min(...unsent) <= talk.sent ? 'sending' : 'on_this_tablet'
  }
  return settledStatus(shelf, id) ?? 'sent'
}
