// @ts-check
/**
 * The versions of a unit that an open conflict is about: what everybody sees,
 * and each answer that met it. From the record and its history; without the
 * history (no network) only what is seen is known.
 *
 * @typedef {{ by: string | undefined, at: number, received: number,
 *   version: number, values: Record<string, any> }} Version
 */

/**
 * @param {any} record @param {string[]} fields the unit's
 * @param {any[]} entries the record's history, newest first
 * @returns {Version[]} the one that is shown first
 */
export function versionsOf(record, fields, entries) {
  const ours = entries.filter((e) => fields.includes(e.field))
  const metas = fields.map((f) => record.meta[f]).filter(Boolean)
  const shownVersion = Math.max(0, ...metas.map((m) => m.version ?? 0))
  const newest = metas.find((m) => m.version === shownVersion) ?? metas[0] ?? {}
  const shown = {
    by: newest.by,
    at: newest.at ?? record.changed.at,
    received: ours.find((e) => e.version === newest.version)?.received ?? 0,
    version: shownVersion,
    values: Object.fromEntries(fields.map((f) => [f, record.fields[f]])),
  }
  /** @type {Map<string, Version>} */ const others = new Map()
  for (const entry of ours) {
    if (entry.outcome !== 'conflict' || isSettled(ours, entry)) continue
    const key = `${entry.device}/${entry.seq}/${entry.by}/${entry.at}`
    const other = others.get(key) ?? {
      by: entry.by ?? undefined, at: entry.at, received: entry.received,
      version: entry.version, values: {},
    }
    other.values[entry.field] = entry.value
    others.set(key, other)
  }
  return [shown, ...others.values()]
}

/** A later edit of the unit that took effect had seen it.
 *  @param {any[]} entries @param {any} conflict */
const isSettled = (entries, conflict) =>
  entries.some((e) =>
    e.version > conflict.version &&
    (e.outcome === 'applied' || e.outcome === 'merged'))
