// @ts-check
/**
 * Our own changes that the server has, kept until a backup has them, too.
 *
 *     back ----> kept ----> forgotten: safe, or old, or too many
 *                  |
 *                  `------> offered again, if the server was restored from a
 *                           backup that has not got it (replica-timeline.js)
 *
 * A server that is never backed up must not fill its tablets: what is older
 * than KEPT_MS goes, and so does the oldest of too many. A change is kept only
 * while its buckets are ours.
 */

export const KEPT_MS = 30 * 24 * 60 * 60 * 1000
export const KEPT_MOST = 5000
export const KEPT_BYTES_MOST = 20 * 1024 * 1024

/**
 * @typedef {import('./image.js').Draft} Draft
 * @typedef {import('./image.js').Pending} Pending
 * @typedef {import('./image.js').Kept} Kept
 */

/** @param {Pending} pending */
const sizeOf = ({ bytes, touches }) =>
  touches
    .flatMap((touch) => touch.edits)
    .reduce((n, edit) => n + (edit.base?.length ?? 0), 2 * bytes.length)

/** @param {Draft} draft */
const safeOf = (draft) => draft.meta('server')?.safe ?? 0

/**
 * It is back, with this version.
 * @param {Draft} draft @param {Pending} pending
 * @param {{ incarnation: number, now: number, version: number }} about
 */
export function keep(draft, pending, { incarnation, now, version }) {
  if (version <= safeOf(draft)) return
  const { seq, at, bytes, touches } = pending
  /** @type {Kept} */
  const kept = {
    key: `${incarnation}/${seq}`,
    incarnation,
    seq,
    at,
    since: now,
    version,
    size: sizeOf(pending),
    touches,
    bytes,
  }
  draft.put('kept', kept)
}

/** Forget what is safe, and what is too much. @param {Draft} draft
 * @param {number} now */
export function trimKept(draft, now) {
  const safe = safeOf(draft)
  const all = draft.kept()
  let count = all.length
  let bytes = all.reduce((n, kept) => n + kept.size, 0)
  for (const { key, since, size, version } of all) {
    const isTooMuch = count > KEPT_MOST || bytes > KEPT_BYTES_MOST
    const isOld = now - since > KEPT_MS
    if (version > safe && !isTooMuch && !isOld) continue
    draft.drop('kept', key)
    count--
    bytes -= size
  }
}

/** These buckets are no longer ours.
 * @param {Draft} draft @param {ReadonlySet<number | string>} gone */
export function dropKeptOf(draft, gone) {
  for (const { key, touches } of draft.kept()) {
    if (touches.some(({ bucket }) => gone.has(bucket))) draft.drop('kept', key)
  }
}
