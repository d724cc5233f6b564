// @ts-check
/**
 * A store that lives as long as the page. For tests and for looking around:
 * nothing survives. Two libraries that are given the same `shelf` share it, as
 * two tabs share an IndexedDB.
 */

import { applyOps, contentsOf, emptyTables } from './store.js'

/** @typedef {{ name: string, revision: number,
 *   tables: import('./store.js').Tables }} Shelf */

let count = 0

/** @returns {Shelf} */
export const memoryShelf = () => ({
  name: `memory-${++count}`,
  revision: 0,
  tables: emptyTables(),
})

/** @param {Shelf} [shelf] @returns {import('./store.js').Store} */
export function memoryStore(shelf) {
  const at = shelf ?? memoryShelf()
  return {
    name: at.name,
    shared: shelf !== undefined,
    open: async () => structuredClone(contentsOf(at.tables, at.revision)),
    write: async (ops, revision) => {
      if (revision !== at.revision) return 'moved'
      applyOps(at.tables, structuredClone(ops))
      at.revision++
      return 'ok'
    },
    kept: async () => null,
    erase: async () => {
      at.tables = emptyTables()
      at.revision++
    },
    close: async () => {},
  }
}
