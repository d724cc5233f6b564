// @ts-check
/**
 * The store of a browser. One object store per table; `meta` also holds the
 * revision, which the write compares inside its own transaction.
 *
 * A write is done at the transaction's `complete`, with strict durability, and
 * not before. Safari loses its database server now and then ("Connection to
 * Indexed Database server lost"), and any browser closes a handle when it
 * wants to: then the handle is dropped, the database opened again and the
 * write tried once more. What fails twice is a 'storage' error. A write whose
 * answer was lost is recognised by its revision: each write leaves a mark.
 */

import { TidemarkError, messageOf } from './fault.js'
import { KEY_OF, TABLES } from './store.js'

const VERSION = 2 // 2: the table kept
const REVISION = '#revision'

/**
 * @typedef {import('./store.js').Op} Op
 * @typedef {import('./store.js').Contents} Contents
 */

/** @param {IDBOpenDBRequest} request @returns {Promise<IDBDatabase>} */
function opened(request) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => {
      for (const table of TABLES) {
        if (!request.result.objectStoreNames.contains(table)) {
          request.result.createObjectStore(table, { keyPath: KEY_OF[table] })
        }
      }
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () =>
      reject(new Error('another tab has an older database open'))
  })
}

/** @param {IDBTransaction} tx @returns {Promise<void>} */
function completed(tx) {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve()
    tx.onabort = () =>
      reject(tx.error ?? new DOMException('aborted', 'AbortError'))
  })
}

/** @param {unknown} error */
const storage = (error) =>
  new TidemarkError(
    'storage',
    error instanceof Error && error.name === 'QuotaExceededError'
      ? 'this device has no room left'
      : `this device could not keep it: ${messageOf(error)}`,
    error,
  )

/** A full device stays full; anything else may be a lost handle. */
const worthRetry = (/** @type {unknown} */ error) =>
  !(error instanceof Error && error.name === 'QuotaExceededError')

/** @param {IDBDatabase} db @returns {Promise<Contents>} */
async function readAll(db) {
  const tx = db.transaction(TABLES, 'readonly')
  const done = completed(tx)
  const requests = TABLES.map((table) => tx.objectStore(table).getAll())
  await done
  const [records, outbox, held, kept, meta] = requests.map((r) => r.result)
  const mark = meta.find((entry) => entry.key === REVISION)
  return {
    revision: mark?.revision ?? 0,
    records,
    outbox,
    held,
    kept,
    meta: meta.filter((entry) => entry.key !== REVISION),
  }
}

/**
 * @param {IDBDatabase} db @param {readonly Op[]} ops
 * @param {number} revision @param {string} mark
 * @returns {Promise<'ok' | 'moved'>}
 */
async function writeAll(db, ops, revision, mark) {
  const tables = new Set(['meta', ...ops.map((op) => op.table)])
  const tx = db.transaction([...tables], 'readwrite', { durability: 'strict' })
  const done = completed(tx)
  /** @type {'ok' | 'moved'} */
  let answer = 'ok'
  /** @type {unknown} */
  let thrown
  const meta = tx.objectStore('meta')
  const asked = meta.get(REVISION)
  asked.onsuccess = () => {
    const was = asked.result ?? { revision: 0, mark: '' }
    if (was.mark === mark) return // the lost answer to this very write
    if (was.revision !== revision) {
      answer = 'moved'
      return
    }
    try {
      meta.put({ key: REVISION, revision: revision + 1, mark })
      for (const op of ops) {
        const store = tx.objectStore(op.table)
        if ('put' in op) store.put(op.put)
        else store.delete(op.drop)
      }
    } catch (error) {
      thrown = error
      tx.abort()
    }
  }
  try {
    await done
  } catch (error) {
    throw thrown ?? error
  }
  return answer
}

/**
 * @param {string} name
 * @param {IDBFactory} [factory]
 * @returns {import('./store.js').Store}
 */
export function indexedDbStore(name, factory = globalThis.indexedDB) {
  /** @type {IDBDatabase | null} */
  let db = null
  let writes = 0
  const self = Math.random().toString(36).slice(2)

  async function handle() {
    if (db) return db
    const fresh = await opened(factory.open(name, VERSION))
    fresh.onclose = () => (db = db === fresh ? null : db)
    fresh.onversionchange = () => {
      fresh.close()
      db = db === fresh ? null : db
    }
    db = fresh
    return fresh
  }

  function drop() {
    try {
      db?.close()
    } catch {
      // A handle that is lost already cannot be closed; that is fine.
    }
    db = null
  }

  /**
   * @template T
   * @param {(db: IDBDatabase) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function twice(work) {
    try {
      return await work(await handle())
    } catch (error) {
      if (!worthRetry(error)) throw storage(error)
    }
    drop()
    try {
      return await work(await handle())
    } catch (error) {
      drop()
      throw storage(error)
    }
  }

  return {
    name,
    shared: true,
    open: () => twice(readAll),
    write: (ops, revision) => {
      const mark = `${self}-${++writes}`
      return twice((handle) => writeAll(handle, ops, revision, mark))
    },
    kept: async () => {
      const storage = globalThis.navigator?.storage
      if (!storage?.persisted) return null
      try {
        return (await storage.persisted()) || (await storage.persist())
      } catch {
        return null
      }
    },
    erase: async () => {
      drop()
      await new Promise((resolve, reject) => {
        const request = factory.deleteDatabase(name)
        request.onsuccess = () => resolve(undefined)
        request.onerror = () => reject(storage(request.error))
      })
    },
    close: async () => drop(),
  }
}
