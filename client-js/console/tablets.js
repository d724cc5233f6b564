// @ts-check
/** The trust's tablets, the ones longest unheard of first. */

const DAY_MS = 86_400_000
export const SILENT_MS = 3 * DAY_MS

/** @param {any} tm @returns {any[]} */
export const tabletsOf = (tm) =>
  tm
    .list(
      'device',
      (/** @type {any} */ d) => (d.fields.state ?? 'active') !== 'retired',
    )
    .sort(
      (/** @type {any} */ a, /** @type {any} */ b) =>
        (a.fields.last_seen ?? 0) - (b.fields.last_seen ?? 0),
    )

/** @param {any} device @param {number} now */
export const isSilent = ({ fields }, now) =>
  now - (fields.last_seen ?? 0) > SILENT_MS

/** The tablet's own words about itself, and how worried to be.
 *  @param {any} device @param {number} now
 *  @returns {{ tone: string, words: string }} */
export function tabletState({ fields: f }, now) {
  if (f.state === 'lost') return { tone: 'ask', words: 'Reported lost' }
  if (f.state === 'revoked') return { tone: 'ask', words: 'Revoked' }
  if (f.storage_kept === false)
    return { tone: 'ask', words: 'Storage may be cleared' }
  if (f.unsent > 0) return { tone: 'wait', words: `${f.unsent} waiting` }
  if (now - (f.last_seen ?? 0) > SILENT_MS)
    return { tone: 'wait', words: 'Silent' }
  return { tone: 'sent', words: 'In step' }
}
