// @ts-check
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import {
  cp,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformance } from './store-conformance.js'
import { fileStore } from '../src/store-file.js'
import { indexedDbStore } from '../src/store-indexeddb.js'
import { memoryShelf, memoryStore } from '../src/store-memory.js'

let count = 0

conformance('memory', async () => {
  const shelf = memoryShelf()
  return { make: () => memoryStore(shelf) }
})

conformance('IndexedDB', async () => {
  const name = `conformance-${++count}`
  return { make: () => indexedDbStore(name) }
})

/** @returns {Promise<string>} */
const folderOf = () => mkdtemp(join(tmpdir(), 'tidemark-store-'))

/** @param {string} folder */
const removed = (folder) => rm(folder, { recursive: true, force: true })

conformance('file', async () => {
  const folder = await folderOf()
  return { make: () => fileStore(folder), end: () => removed(folder) }
})

conformance('file that compacts at every write', async () => {
  const folder = await folderOf()
  const options = { journalBytesMax: 1 }
  return { make: () => fileStore(folder, options), end: () => removed(folder) }
})

/** @param {number} n @returns {import('../src/store.js').Op[]} */
const numbered = (n) => [
  { table: 'records', put: { id: `r${n}`, text: 'words '.repeat(n) } },
  { table: 'meta', put: { key: 'last', n } },
]

/** @param {import('../src/store.js').Contents} contents */
function isWhole({ meta, records, revision }) {
  const last = meta.find((entry) => entry.key === 'last')?.n ?? 0
  return last === revision && records.length === revision
}

test('a journal cut at any byte opens at the last whole write', async () => {
  const folder = await folderOf()
  const store = fileStore(folder)
  await store.open()
  for (let n = 1; n <= 3; n++) await store.write(numbered(n), n - 1)
  await store.close()
  const journal = join(folder, 'journal-0')
  const bytes = await readFile(journal)
  let most = -1
  for (let end = 0; end <= bytes.length; end++) {
    const copy = `${folder}-cut`
    await cp(folder, copy, { recursive: true })
    await writeFile(join(copy, 'journal-0'), bytes.subarray(0, end))
    const torn = fileStore(copy)
    const contents = await torn.open()
    assert.ok(isWhole(contents), `cut at ${end}`)
    assert.ok(contents.revision >= most, `cut at ${end}`)
    most = contents.revision
    // And it goes on from there.
    const next = contents.revision + 1
    assert.equal(await torn.write(numbered(next), next - 1), 'ok')
    await torn.close()
    const again = await torn.open()
    assert.equal(again.revision, next)
    await torn.close()
    await removed(copy)
  }
  assert.equal(most, 3)
  await removed(folder)
})

test('a flipped byte in the tail ends the journal there', async () => {
  const folder = await folderOf()
  const store = fileStore(folder)
  await store.open()
  for (let n = 1; n <= 3; n++) await store.write(numbered(n), n - 1)
  await store.close()
  const journal = join(folder, 'journal-0')
  const bytes = await readFile(journal)
  bytes[bytes.length - 5] ^= 1
  await writeFile(journal, bytes)
  const contents = await fileStore(folder).open()
  assert.equal(contents.revision, 2)
  assert.ok(isWhole(contents))
  await removed(folder)
})

test('a compaction that was killed at any step loses nothing', async () => {
  const folder = await folderOf()
  const store = fileStore(folder, { journalBytesMax: 100 })
  await store.open()
  for (let n = 1; n <= 9; n++) await store.write(numbered(n), n - 1)
  await store.close()
  const names = await readdir(folder)
  const generation = Number(
    names.find((name) => name.startsWith('snapshot-'))?.slice(9),
  )
  assert.ok(generation > 0)
  // Killed while the next snapshot was being written …
  await writeFile(join(folder, `snapshot-${generation + 1}.new`), 'half')
  const first = fileStore(folder)
  assert.equal((await first.open()).revision, 9)
  await first.close()
  // … and after the rename, before the old files were removed.
  const snapshot = await readFile(join(folder, `snapshot-${generation}`))
  const journal = await readFile(join(folder, `journal-${generation}`))
  const whole = fileStore(folder, { journalBytesMax: 1 })
  await whole.open()
  await whole.write(numbered(10), 9)
  await whole.close()
  await writeFile(join(folder, `snapshot-${generation}`), snapshot)
  await writeFile(join(folder, `journal-${generation}`), journal)
  const contents = await fileStore(folder).open()
  assert.equal(contents.revision, 10)
  assert.ok(isWhole(contents))
  await removed(folder)
})

test('a folder that a living process has open is refused', async () => {
  const folder = await folderOf()
  await fileStore(folder)
    .open()
    .then(() => {})
  await writeFile(join(folder, 'lock'), String(process.ppid))
  await assert.rejects(fileStore(folder).open(), { name: 'storage' })
  await writeFile(join(folder, 'lock'), '999999999')
  const store = fileStore(folder)
  await store.open()
  await store.close()
  await removed(folder)
})

test('a failed journal stops the store until it is opened again', async () => {
  const folder = await folderOf()
  const store = fileStore(folder)
  await store.open()
  await store.write(numbered(1), 0)
  const handle = await open(join(folder, 'journal-0'), 'r')
  const proto = Object.getPrototypeOf(handle)
  await handle.close()
  const { datasync } = proto
  proto.datasync = () => Promise.reject(new Error('EIO'))
  try {
    await assert.rejects(store.write(numbered(2), 1), { name: 'storage' })
  } finally {
    proto.datasync = datasync
  }
  await assert.rejects(store.write(numbered(2), 1), { name: 'storage' })
  const { revision } = await store.open()
  assert.ok(revision === 1 || revision === 2)
  assert.equal(await store.write(numbered(revision + 1), revision), 'ok')
  await store.close()
  await removed(folder)
})

test('IndexedDB: two tabs, one revision each', async () => {
  const a = indexedDbStore('two-tabs')
  const b = indexedDbStore('two-tabs')
  await a.open()
  await b.open()
  const put = (/** @type {string} */ key) => [
    { table: /** @type {const} */ ('meta'), put: { key } },
  ]
  const answers = await Promise.all([
    a.write(put('a'), 0),
    b.write(put('b'), 0),
  ])
  assert.deepEqual(answers.sort(), ['moved', 'ok'])
  assert.equal((await a.open()).revision, 1)
})

test('IndexedDB: a lost handle is opened again, once', async () => {
  let lost = 0
  const factory = {
    open: (/** @type {string} */ name, /** @type {number} */ version) =>
      indexedDB.open(name, version),
    deleteDatabase: (/** @type {string} */ name) =>
      indexedDB.deleteDatabase(name),
  }
  const store = indexedDbStore('lost', /** @type {any} */ (factory))
  await store.open()
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (/** @type {any} */ ...args) {
    if (lost-- > 0) {
      throw new DOMException(
        'Connection to Indexed Database server lost',
        'UnknownError',
      )
    }
    return transaction.apply(this, /** @type {any} */ (args))
  }
  try {
    lost = 1
    const op = { table: /** @type {const} */ ('meta'), put: { key: 'k' } }
    assert.equal(await store.write([op], 0), 'ok')
    lost = 2
    await assert.rejects(store.write([op], 1), { name: 'storage' })
    assert.equal(await store.write([op], 1), 'ok')
  } finally {
    IDBDatabase.prototype.transaction = transaction
  }
})
