// @ts-check
/**
 * What the library needs of a place to keep things.
 *
 * A store is five small tables. Each value carries its own key:
 *
 *     records   id    what the server has confirmed, one per record
 *     outbox    seq   this device's changes that are not back yet
 *     held      key   this device's edits that were kept but not merged
 *     kept      key   its changes that the server has, until a backup has them
 *     meta      key   everything else: who we are, cursors, scope
 *
 * `write` takes a list of operations and does all of them or none; when it
 * answers 'ok' they survive a crash and a power cut. Each write raises the
 * store's revision by one, and names the revision that it was made on: when
 * another tab was faster the answer is 'moved', nothing was written, and the
 * caller reads what the other wrote and thinks again. That one comparison is
 * all the locking that several tabs need.
 *
 * Values are plain data: null, booleans, finite numbers, strings, Uint8Array,
 * arrays and objects of these. A store hands out its own copies, and never
 * changes what it was given.
 *
 * `open` is called once, before anything else; one `write` at a time. What
 * cannot be done rejects with a TidemarkError 'storage', and then nothing was
 * written. test/store-conformance.js holds every store to this page.
 *
 * @typedef {'records' | 'outbox' | 'held' | 'kept' | 'meta'} Table
 * @typedef {string | number} Key
 * @typedef {{ table: Table, put: any }} Put
 * @typedef {{ table: Table, drop: Key, back?: boolean }} Drop  back: for
 *   whoever reads along (image.js); a store does not look at it
 * @typedef {Put | Drop} Op
 * @typedef {{ revision: number, records: any[], outbox: any[], held: any[],
 *   kept: any[], meta: any[] }} Contents
 *
 * @typedef {object} Store
 * @property {string} name    tabs that open the same name share a store
 * @property {boolean} shared others may write to it while we are open
 * @property {() => Promise<Contents>} open  also: read all of it again
 * @property {(ops: readonly Op[], revision: number) =>
 *   Promise<'ok' | 'moved'>} write
 * @property {() => Promise<boolean | null>} kept  does the browser promise to
 *   keep it? null: it does not say
 * @property {() => Promise<void>} erase  all of it, for good
 * @property {() => Promise<void>} close
 */

/** @type {readonly Table[]} */
export const TABLES = ['records', 'outbox', 'held', 'kept', 'meta']

/** The name of the property that is the key. @type {Record<Table, string>} */
export const KEY_OF = {
  records: 'id',
  outbox: 'seq',
  held: 'key',
  kept: 'key',
  meta: 'key',
}

/** @typedef {Record<Table, Map<Key, any>>} Tables */

/** @returns {Tables} */
export const emptyTables = () => ({
  records: new Map(),
  outbox: new Map(),
  held: new Map(),
  kept: new Map(),
  meta: new Map(),
})

/** @param {Tables} tables @param {readonly Op[]} ops */
export function applyOps(tables, ops) {
  for (const op of ops) {
    const map = tables[op.table]
    if ('put' in op) map.set(op.put[KEY_OF[op.table]], op.put)
    else map.delete(op.drop)
  }
}

/** @param {Tables} tables @param {number} revision @returns {Contents} */
export function contentsOf(tables, revision) {
  return {
    revision,
    records: [...tables.records.values()],
    outbox: [...tables.outbox.values()].sort((a, b) => a.seq - b.seq),
    held: [...tables.held.values()],
    kept: [...tables.kept.values()],
    meta: [...tables.meta.values()],
  }
}
