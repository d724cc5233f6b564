// @ts-check
/**
 * A record's history, asked of the server when a screen needs it, kept while
 * the record's newest version stays the same.
 *
 * @typedef {{ state: 'asking' | 'offline' | 'here', entries: any[] }} History
 */
import { useEffect, useState } from 'preact/hooks'
import { useDesk, useStatus } from './live.js'

/** @type {Map<string, { version: number, entries: any[] }>} */
const known = new Map()

/** @param {any} record */
const newestOf = (record) =>
  Math.max(0, ...Object.values(record.meta).map((m) => m.version ?? 0))

/** @param {any} record @returns {History} */
export function useHistory(record) {
  const { tm } = useDesk()
  const { link } = useStatus()
  const version = newestOf(record)
  const kept = known.get(record.id)
  const [, redraw] = useState(0)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (known.get(record.id)?.version === version) return undefined
    let left = false
    tm.history(record.id).then(
      (/** @type {any[]} */ entries) => {
        known.set(record.id, { version, entries })
        if (left) return
        setFailed(false)
        redraw((n) => n + 1)
      },
      () => left || setFailed(true),
    )
    return () => {
      left = true
    }
  }, [record.id, version, link])
  if (kept) return { state: 'here', entries: kept.entries }
  return { state: failed ? 'offline' : 'asking', entries: [] }
}

/** The same save's entries. @param {any[]} entries @param {any} save */
export const ofSave = (entries, { by, at }) =>
  entries.filter((e) => (e.by ?? undefined) === by && e.at === at)

/** What a field said just before a version, if it said anything.
 *  @param {any[]} entries newest first @param {any} entry */
export const before = (entries, entry) =>
  entries.find(
    (e) => e.field === entry.field && e.version < entry.version && took(e),
  )

/** Did it show afterwards? A conflict and a held edit did not.
 *  @param {any} entry */
const took = ({ outcome }) => outcome === 'applied' || outcome === 'merged'

/** History as saves, newest first. @param {any[]} entries */
export function saves(entries) {
  /** @type {Map<string, any>} */ const out = new Map()
  for (const entry of entries) {
    const key = `${entry.device}/${entry.seq}/${entry.by}/${entry.at}`
    const save = out.get(key) ?? {
      key,
      by: entry.by,
      at: entry.at,
      received: entry.received,
      entries: [],
    }
    save.entries.push(entry)
    out.set(key, save)
  }
  return [...out.values()]
}

/** What the server made of an edit, in plain words, with the tag's tone. */
export const OUTCOME =
  /** @type {Record<string, { words: string, tone: string }>} */ ({
    applied: { words: 'Taken in', tone: '' },
    merged: { words: 'Joined with other words', tone: 'sent' },
    overtaken: { words: 'A later change shows', tone: 'wait' },
    conflict: { words: 'Needs a decision', tone: 'ask' },
    held: { words: 'Held', tone: 'ask' },
  })
