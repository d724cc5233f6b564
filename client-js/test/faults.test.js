// @ts-check
/**
 * The real server on a disk that fails: full from some moment on, taking less
 * than it is given, refusing to write, refusing to sync; and killed instead of
 * any call, or in the middle of a write. Whatever happens, what was
 * acknowledged is there, and what was not is still on its device.
 *
 * POINTS=N tries more moments of being killed (default 40).
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { enrol, open } from '../src/index.js'
import { namedId } from '../src/id.js'
import { memoryStore } from '../src/store-memory.js'
import { library, makeDisk } from './faults.js'
import {
  chance,
  check,
  checkVersions,
  copyTrust,
  device,
  dump,
  makeTrust,
  pause,
  removeTrust,
  startServer,
  until,
} from './server.js'

const POINTS = Number(process.env.POINTS ?? 40)
const SCHOOL = namedId('porthenwyn')
const BUCKET = `oversight/${SCHOOL}`
const EXIT_STORE = 6
const QUIET_MS = 2500
const SOON_MS = 8000

/**
 * @typedef {import('../src/index.js').Tidemark} Tidemark
 * @typedef {import('./server.js').Trust} Trust
 * @typedef {import('./server.js').Server} Server
 * @typedef {import('./faults.js').Disk} Disk
 */

const skip = fs.existsSync(library()) ? false : 'faults.so is not built'

let days = 0

/** A day of its own for each visit: no two are possible duplicates. */
const nextDay = () =>
  new Date(Date.UTC(2026, 0, ++days)).toISOString().slice(0, 10)

/** @param {Tidemark} tm @param {string} word @param {string} [more]
 * @returns {Promise<number>} the seq */
const save = (tm, word, more = '') =>
  tm.change((c) => {
    c.create('visit', BUCKET, {
      school: SCHOOL,
      date: nextDay(),
      lead: tm.person.id,
      state: 'draft',
      revision: 1,
      with_roles: word,
      findings: more,
    })
  })

/** @param {Tidemark} tm @param {string} word */
const shows = (tm, word) =>
  tm.list('visit', ({ fields }) => fields.with_roles === word).length === 1

/** @param {Tidemark} tm */
const isSent = (tm) => tm.status.pending === 0

/** @param {Tidemark} tm */
const isToldFull = (tm) => tm.status.problem?.name === 'full'

/** @param {Server} server */
async function health({ url }) {
  const response = await fetch(new URL('/healthz', url))
  const { status } = /** @type {any} */ (await response.json())
  return `${response.status} ${status}`
}

/** Each word stands in the store, and once. @param {Trust} trust
 * @param {readonly string[]} words */
function checkStore(trust, words) {
  check(trust)
  const lines = dump(trust)
  checkVersions(lines)
  for (const word of words) {
    const found = lines.filter(({ value }) => value === word)
    assert.equal(found.length, 1, `once: ${word}`)
  }
}

/**
 * A server on a failing disk, and devices; all is cleared away afterwards.
 * @param {(scene: { trust: Trust, disk: Disk, server: Server,
 *   join: typeof device }) => Promise<void>} work
 * @param {{ trust?: Trust }} [options]
 */
async function scene(work, { trust = makeTrust() } = {}) {
  const disk = makeDisk(trust)
  const server = await startServer(trust, { env: disk.env })
  /** @type {Tidemark[]} */
  const all = []
  /** @type {typeof device} */
  const join = async (...args) => {
    const tm = await device(...args)
    all.push(tm)
    await tm.sync({ timeout: SOON_MS })
    return tm
  }
  try {
    await work({ trust, disk, server, join })
  } finally {
    await Promise.all(all.map((tm) => tm.close()))
    await server.kill()
    removeTrust(trust)
  }
}

/** @param {'ENOSPC' | 'EDQUOT'} error @param {'websocket' | 'post'} road */
const fullDisk = (error, road) =>
  scene(async ({ trust, disk, server, join }) => {
    const { url } = server
    const a = await join(url, 'TAMSIN', { road })
    const b = await join(url, 'HELEN', { road })
    const code = 'DEMO-HELEN'
    const ask = { url, code, label: 'new', platform: 'test' }
    const identity = await enrol(ask)
    await save(a, 'before')
    await a.sync({ timeout: SOON_MS })
    assert.equal(await health(server), '200 ok')

    disk.set({ write: error, truncate: error })
    await save(a, 'during')
    await until(() => isToldFull(a), 'the one who wrote is told', SOON_MS)
    await save(b, 'also')
    await until(() => isToldFull(b), 'a later one is told, too', SOON_MS)
    assert.equal(await health(server), '503 full')
    await pause(QUIET_MS)
    assert.equal(a.status.pending, 1, 'nothing is acknowledged')
    assert.equal(b.status.pending, 1, 'nothing is acknowledged')
    await assert.rejects(enrol(ask), { name: 'full' })

    const fresh = await open({ url, store: memoryStore(), identity })
    await fresh.sync({ timeout: SOON_MS })
    assert(shows(fresh, 'before'), 'reading goes on')
    assert(!shows(fresh, 'during'), 'nothing is shown that is not safe')

    disk.set({})
    for (const tm of [a, b]) {
      await until(() => isSent(tm), 'sent once there is room', SOON_MS * 4)
    }
    await Promise.all([a, b].map((tm) => tm.sync({ timeout: SOON_MS })))
    assert.equal(await health(server), '200 ok')
    assert.equal(a.status.problem, null, 'no longer said to be full')
    await until(() => shows(fresh, 'also'), 'the others see it', SOON_MS * 4)
    await fresh.close()
    assert.equal(await server.stop(), 0, server.log())
    checkStore(trust, ['before', 'during', 'also'])
  })

/** The first write that fails is the one after so many. */
const moments = () =>
  scene(async ({ trust, disk, server, join }) => {
    const a = await join(server.url, 'TAMSIN')
    const words = []
    let failed = 0
    for (const after of [0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 41]) {
      const word = `after${after}`
      words.push(word)
      disk.set({ write: 'ENOSPC', skip: after })
      const before = disk.figures().failed
      const seq = await save(a, word, 'long '.repeat(1500))
      await until(
        () => isSent(a) || disk.figures().failed > before,
        'the write fails or the change is acknowledged',
      )
      failed += disk.figures().failed > before ? 1 : 0
      if (!isSent(a)) await pause(50)
      const isAcked = a.waiting().every((one) => one.seq !== seq)
      assert(!isAcked || disk.figures().failed === before, 'a false word')
      disk.set({})
      await until(() => isSent(a), `sent: ${word}`)
    }
    assert(failed > 5, 'the moments are met')
    assert.equal(await server.stop(), 0, server.log())
    checkStore(trust, words)
  })

const shortWrites = () =>
  scene(async ({ trust, disk, server, join }) => {
    const a = await join(server.url, 'TAMSIN')
    disk.set({ shortBytes: 1000 })
    const words = Array.from({ length: 20 }, (_, n) => `short${n}`)
    for (const word of words) await save(a, word, 'long '.repeat(1500))
    await a.sync({ timeout: SOON_MS })
    assert.equal(await server.stop(), 0, server.log())
    checkStore(trust, words)
  })

/**
 * The disk fails for good: the process says so and goes; the next one finds
 * everything that was acknowledged, and gets the rest from its device.
 * @param {import('./faults.js').Faults} faults
 */
const brokenDisk = (faults) =>
  scene(async ({ trust, disk, server, join }) => {
    const { url, port } = server
    const a = await join(url, 'TAMSIN')
    await save(a, 'before')
    await a.sync({ timeout: SOON_MS })

    disk.set(faults)
    await save(a, 'during', 'long '.repeat(1500))
    const { code } = await server.exited
    assert.equal(code, EXIT_STORE, server.log())
    assert.match(server.log(), /event=store_failed/)
    await pause(200)
    assert.equal(a.status.pending, 1, 'nothing is acknowledged')
    if (faults.sync) {
      const { afterSync } = disk.figures()
      assert.equal(afterSync, 0, 'nothing is written after a failed sync')
    }
    checkStore(trust, ['before'])

    const again = await startServer(trust, { port })
    await until(() => isSent(a), 'sent to the next one', SOON_MS * 2)
    assert.equal(await again.stop(), 0, again.log())
    checkStore(trust, ['before', 'during'])
  })

/** @type {{ trust: Trust, identity: any } | null} */
let long = null

/** A store whose log is so long that the next commits move it into the
 * database, as its server left it when it was killed. */
async function longLog() {
  if (long) return long
  const trust = makeTrust()
  const server = await startServer(trust)
  const { url } = server
  const identity = await enrol({
    url,
    code: 'DEMO-TAMSIN',
    label: 'k',
    platform: 'test',
  })
  const a = await open({ url, store: memoryStore(), identity })
  const log = `${trust.data}/tidemark.db-wal`
  const isLong = () => fs.statSync(log).size > 2040 * 4120
  const isLonger = () => fs.statSync(log).size > 1900 * 4120
  for (let n = 0; !isLong() && n < 2000; n++) {
    await save(a, `fill${n}`, 'fill '.repeat(isLonger() ? 10 : 1500))
    if (n % 8 === 0 || isLonger()) await a.sync({ timeout: SOON_MS })
  }
  await a.close()
  await server.kill()
  long = { trust, identity }
  return long
}

/** @param {number} killAt @param {boolean} torn
 * @returns {Promise<{ calls: number, acked: number }>} */
async function killedAt(killAt, torn) {
  const { trust: from, identity } = await longLog()
  const trust = copyTrust(from)
  const disk = makeDisk(trust)
  const server = await startServer(trust, { env: disk.env })
  const { url, port } = server
  const store = memoryStore()
  const a = await open({ url, store, identity, road: 'websocket' })
  try {
    await a.sync({ timeout: SOON_MS })
    const before = disk.figures().calls
    disk.set({ killAt, torn })
    const seqs = []
    for (let n = 0; n < 10; n++) {
      seqs.push(await save(a, `kill${n}`, 'long '.repeat(100)))
      await Promise.race([
        server.exited,
        until(() => isSent(a), 'acknowledged').catch(() => {}),
      ])
    }
    const calls = disk.figures().calls - before
    if (!killAt) await server.kill()
    const { signal } = await server.exited
    assert.equal(signal, 'SIGKILL', server.log())
    const waiting = new Set(a.waiting().map(({ seq }) => seq))
    const words = seqs.map((_, n) => `kill${n}`)
    const acked = words.filter((_, n) => !waiting.has(seqs[n]))
    const remains = copyTrust(trust)
    checkStore(remains, acked)
    removeTrust(remains)

    const again = await startServer(trust, { port })
    assert(again.readyMs < 5000, `ready after ${again.readyMs} ms`)
    a.sync({ timeout: SOON_MS }).catch(() => {})
    await until(() => isSent(a), 'sent to the next one', SOON_MS)
    assert.equal(await again.stop(), 0, again.log())
    checkStore(trust, words)
    return { calls, acked: acked.length }
  } finally {
    await a.close()
    await server.kill()
    removeTrust(trust)
  }
}

async function killedAnywhere() {
  const { calls } = await killedAt(0, false)
  const dice = chance(POINTS)
  let acked = 0
  for (let n = 0; n < POINTS; n++) {
    // Spread evenly, so that every stage is met: log, sync, checkpoint.
    const killAt = 1 + Math.floor((n + dice.random()) * (calls / POINTS))
    const torn = n % 2 === 1
    try {
      acked += (await killedAt(Math.min(killAt, calls - 2), torn)).acked
    } catch (error) {
      console.error(`# killed at call ${killAt} of ${calls}, torn: ${torn}`)
      throw error
    }
  }
  console.log(`# killed at ${POINTS} of ${calls} calls, ${acked} acknowledged`)
}

describe('a disk that fails', { skip, concurrency: 3 }, () => {
  for (const error of /** @type {const} */ (['ENOSPC', 'EDQUOT'])) {
    for (const road of /** @type {const} */ (['websocket', 'post'])) {
      test(`a full disk (${error}) stops writing only, by ${road}`, () =>
        fullDisk(error, road))
    }
  }
  test('it is full after any number of writes', moments)
  test('short writes are completed', shortWrites)
  test('a write that fails stops the server', () =>
    brokenDisk({ write: 'EIO' }))
  test('a write that fails later stops the server', () =>
    brokenDisk({ write: 'EIO', skip: 7 }))
  test('a failed sync stops the server', () => brokenDisk({ sync: 'EIO' }))
  // The next sync succeeds, but the bytes may be gone: nobody may rely on it.
  test('a sync that fails once stops the server', () =>
    brokenDisk({ sync: 'EIO', times: 1 }))
  test('a sync that finds no room stops the server', () =>
    brokenDisk({ sync: 'ENOSPC' }))
  test('killed instead of any call, or inside it', killedAnywhere)
})
