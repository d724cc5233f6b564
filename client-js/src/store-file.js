// @ts-check
/**
 * The store of a Node program: a folder with a snapshot and a journal, which
 * survives SIGKILL and power cuts.
 *
 *     snapshot-<n>   one entry: everything, as it was at generation n
 *     journal-<n>    one entry per write since
 *     entry          length (u32 LE) | checksum of the body (8) | body
 *
 * A write is appended and fsynced before it resolves. A crash can only tear
 * the last entry: reading stops at the first one that is short or does not
 * check, and the next write goes there. When the journal has grown, all of it
 * is written as snapshot n + 1 into a new file, fsynced, renamed into place,
 * the folder fsynced, and only then are the old two removed.
 *
 * After a failed write or fsync nobody knows what is on the disk: the store
 * refuses every further write until it is opened again.
 *
 * One process per folder: `lock` names its pid, a dead one's lock is taken.
 */

import { open, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { writeFileSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode } from '@msgpack/msgpack'
import { TidemarkError, messageOf } from './fault.js'
import { applyOps, contentsOf, emptyTables } from './store.js'
import { hash64 } from './hash.js'

const HEAD_BYTES = 12
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024

/** @typedef {import('./store.js').Op} Op */

/** @param {unknown} error */
const storage = (error) =>
  error instanceof TidemarkError
    ? error
    : new TidemarkError(
        'storage',
        `this device could not keep it: ${messageOf(error)}`,
        error,
      )

/** @param {Uint8Array} body */
function checksum(body) {
  const sum = hash64(body)
  const out = Buffer.alloc(8)
  out.writeUInt32LE(sum.low, 0)
  out.writeUInt32LE(sum.high, 4)
  return out
}

/** @param {unknown} value */
export function fileEntry(value) {
  const body = encode(value, { ignoreUndefined: true, maxDepth: 100 })
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length, 0)
  return Buffer.concat([head, checksum(body), body])
}

/**
 * The whole entries at the front of `bytes`, and where they end.
 * @param {Buffer} bytes @returns {{ entries: any[], end: number }}
 */
export function readEntries(bytes) {
  /** @type {any[]} */
  const entries = []
  let end = 0
  while (bytes.length - end >= HEAD_BYTES) {
    const length = bytes.readUInt32LE(end)
    const from = end + HEAD_BYTES
    if (length > bytes.length - from) break
    const body = bytes.subarray(from, from + length)
    if (!checksum(body).equals(bytes.subarray(end + 4, from))) break
    entries.push(decode(body, { maxStrLength: length }))
    end = from + length
  }
  return { entries, end }
}

/** @param {string} folder */
async function syncFolder(folder) {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @param {string} path @param {Buffer} bytes */
async function writeDurably(path, bytes) {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/** @param {string} path */
function takeLock(path) {
  for (let tries = 0; tries < 3; tries++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') {
        throw error
      }
    }
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid && pid !== process.pid && isAlive(pid)) {
      throw new TidemarkError('storage', `process ${pid} has this folder open`)
    }
    unlinkSync(path)
  }
  throw new TidemarkError('storage', 'the folder is locked')
}

/** @param {string[]} names @param {string} kind */
function newest(names, kind) {
  const numbers = names
    .map((name) => new RegExp(`^${kind}-(\\d+)$`).exec(name))
    .map((found) => (found ? Number(found[1]) : -1))
  return Math.max(-1, ...numbers)
}

/**
 * @param {string} folder
 * @param {{ journalBytesMax?: number }} [options]
 * @returns {import('./store.js').Store}
 */
export function fileStore(folder, options = {}) {
  const bytesMax = options.journalBytesMax ?? JOURNAL_BYTES_MAX
  const lock = join(folder, 'lock')
  let tables = emptyTables()
  let revision = 0
  let generation = 0
  let bytes = 0
  let locked = false
  let broken = false
  /** @type {import('node:fs/promises').FileHandle | null} */
  let journal = null

  /** @param {string} kind @param {number} n */
  const path = (kind, n) => join(folder, `${kind}-${n}`)

  async function load() {
    const names = await readdir(folder)
    generation = Math.max(0, newest(names, 'snapshot'))
    tables = emptyTables()
    revision = 0
    if (names.includes(`snapshot-${generation}`)) {
      const file = await readFile(path('snapshot', generation))
      const [entry] = readEntries(file).entries
      if (!entry) {
        throw new TidemarkError('storage', 'the snapshot is damaged')
      }
      applyOps(tables, entry.ops)
      revision = entry.revision
    }
    journal = await open(path('journal', generation), 'a+')
    const { entries, end } = readEntries(await journal.readFile())
    for (const entry of entries) {
      applyOps(tables, entry.ops)
      revision = entry.revision
    }
    await journal.truncate(end) // a torn tail never became true
    await journal.sync()
    await syncFolder(folder)
    bytes = end
    for (const name of names) {
      const [kind, n] = name.split('-')
      const isOld =
        (kind === 'snapshot' || kind === 'journal') && Number(n) !== generation
      if (isOld || name.endsWith('.new')) await rm(join(folder, name))
    }
  }

  async function compact() {
    const next = generation + 1
    const { records, outbox, held, kept, meta } = contentsOf(tables, revision)
    /** @type {Op[]} */
    const ops = [
      ...records.map((put) => ({
        table: /** @type {const} */ ('records'),
        put,
      })),
      ...outbox.map((put) => ({ table: /** @type {const} */ ('outbox'), put })),
      ...held.map((put) => ({ table: /** @type {const} */ ('held'), put })),
      ...kept.map((put) => ({ table: /** @type {const} */ ('kept'), put })),
      ...meta.map((put) => ({ table: /** @type {const} */ ('meta'), put })),
    ]
    const fresh = `${path('snapshot', next)}.new`
    await writeDurably(fresh, fileEntry({ revision, ops }))
    await rename(fresh, path('snapshot', next))
    await syncFolder(folder)
    const old = journal
    journal = await open(path('journal', next), 'a+')
    await syncFolder(folder)
    await old?.close()
    await rm(path('journal', generation), { force: true })
    await rm(path('snapshot', generation), { force: true })
    generation = next
    bytes = 0
  }

  /** @param {readonly Op[]} ops */
  async function append(ops) {
    if (!journal || broken) {
      throw new TidemarkError('storage', 'the store is not open')
    }
    const entry = fileEntry({ revision: revision + 1, ops })
    try {
      await journal.appendFile(entry)
      await journal.datasync()
    } catch (error) {
      broken = true
      throw error
    }
    applyOps(tables, /** @type {any} */ (readEntries(entry).entries[0]).ops)
    revision++
    bytes += entry.length
  }

  async function release() {
    await journal?.close()
    journal = null
    if (locked) await rm(lock, { force: true })
    locked = false
  }

  return {
    name: `file:${folder}`,
    shared: false,
    open: async () => {
      try {
        await mkdir(folder, { recursive: true })
        if (!locked) takeLock(lock)
        locked = true
        await journal?.close()
        journal = null
        await load()
        broken = false
        return structuredClone(contentsOf(tables, revision))
      } catch (error) {
        throw storage(error)
      }
    },
    write: async (ops, expected) => {
      if (expected !== revision) return 'moved'
      try {
        await append(ops)
      } catch (error) {
        throw storage(error)
      }
      if (bytes > bytesMax) {
        // What was asked is on the disk; a failed tidying only stops the next.
        await compact().catch(() => (broken = true))
      }
      return 'ok'
    },
    kept: async () => true,
    erase: async () => {
      await release()
      await rm(folder, { recursive: true, force: true })
    },
    close: release,
  }
}
