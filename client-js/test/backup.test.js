// @ts-check
/**
 * `tidemark backup` beside a server that works, `tidemark restore` on a blank
 * machine, and what the tablets make of it: they come back, and nothing that
 * was acknowledged and is still on one of them is lost or doubled.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { namedId } from '../src/id.js'
import { memoryShelf, memoryStore } from '../src/store-memory.js'
import {
  check,
  checkVersions,
  device,
  dump,
  makeFolder,
  makeTrust,
  pause,
  removeTrust,
  startServer,
  tidemark,
  until,
} from './server.js'

const SCHOOL = namedId('porthenwyn')
const BUCKET = `oversight/${SCHOOL}`

/** @typedef {import('../src/index.js').Tidemark} Tidemark */

/** @param {Tidemark} tm @param {string} findings @returns {Promise<string>} */
async function newVisit(tm, findings) {
  let id = ''
  await tm.change((c) => {
    id = c.create('visit', BUCKET, {
      school: SCHOOL,
      date: '2026-11-24',
      lead: tm.person.id,
      state: 'draft',
      revision: 1,
      findings,
    })
  })
  return id
}

/** @param {readonly Tidemark[]} all */
async function agree(all) {
  for (const tm of all) await tm.sync({ timeout: 20000 })
  for (const tm of all) await tm.sync({ timeout: 20000 })
}

/** @param {import('./server.js').Trust} trust @param {string} to */
function backup(trust, to) {
  const ran = tidemark('backup', '--data', trust.data, '--to', to)
  assert.equal(ran.code, 0, ran.err)
  const said = /^backed up to (.+), up to version (\d+)$/m.exec(ran.out)
  assert(said, ran.out)
  return { file: said[1], head: Number(said[2]) }
}

/** @param {string} file @returns {import('./server.js').Trust} */
function restore(file) {
  const folder = makeFolder()
  const data = path.join(folder, 'data')
  const ran = tidemark('restore', '--from', file, '--data', data)
  assert.equal(ran.code, 0, ran.err)
  assert.match(ran.out, /a new timeline/)
  return { folder, data }
}

/** What the server says to be safe, as the device heard it.
 * @param {Tidemark} tm @param {import('../src/store-memory.js').Shelf} shelf */
async function safeOf(tm, shelf) {
  tm.pause()
  tm.resume()
  await tm.sync({ timeout: 20000 })
  return shelf.tables.meta.get('server').safe
}

test('a backup of a server under load is whole, and the server learns of it', async () => {
  const trust = makeTrust()
  const server = await startServer(trust)
  const shelf = memoryShelf()
  const tm = await device(server.url, 'TAMSIN', { store: memoryStore(shelf) })
  const id = await newVisit(tm, 'start')
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver && n < 20000; n++) {
      await tm.change((c) => c.text(id, 'findings', `w${n} start`))
      await pause(1)
    }
  })()
  const folder = makeFolder()
  const heads = []
  for (let n = 0; n < 5; n++) {
    await pause(20)
    const { file, head } = backup(trust, path.join(folder, `copy-${n}.db`))
    heads.push(head)
    const copy = restore(file)
    check(copy)
    assert.equal(checkVersions(dump(copy)), head)
    removeTrust(copy)
  }
  isOver = true
  await writing
  await until(
    async () => (await safeOf(tm, shelf)) === heads[4],
    'safe is told',
  )
  await tm.close()
  assert.equal(await server.stop(), 0)
  check(trust)
  assert.deepEqual(
    fs.readdirSync(folder).sort(),
    [0, 1, 2, 3, 4].map((n) => `copy-${n}.db`),
  )
  removeTrust(trust)
})

test('a backup names itself, replaces nothing, and works without a server', () => {
  const trust = makeTrust()
  const folder = makeFolder()
  const { file } = backup(trust, folder)
  assert.match(path.basename(file), /^tidemark-\d{8}T\d{6}Z-\d+\.db$/)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  const again = tidemark('backup', '--data', trust.data, '--to', file)
  assert.notEqual(again.code, 0)
  assert.match(again.err, /exists/i)
  const nowhere = tidemark('backup', '--data', folder, '--to', `${file}2`)
  assert.equal(nowhere.code, 2)
  check(trust)
  removeTrust(trust)
})

test('a restore refuses a folder in use, and a damaged backup', () => {
  const trust = makeTrust()
  const folder = makeFolder()
  const { file } = backup(trust, folder)
  const onto = tidemark('restore', '--from', file, '--data', trust.data)
  assert.notEqual(onto.code, 0)
  check(trust)
  const bytes = fs.readFileSync(file)
  for (const at of [0.3, 0.6, 0.9]) {
    const bad = Buffer.from(bytes)
    bad.fill(
      0x5a,
      Math.floor(bytes.length * at),
      Math.floor(bytes.length * at) + 2048,
    )
    const damaged = path.join(folder, 'damaged.db')
    fs.writeFileSync(damaged, bad)
    const data = path.join(makeFolder(), 'data')
    const ran = tidemark('restore', '--from', damaged, '--data', data)
    assert.equal(ran.code, 5, ran.out + ran.err)
    assert.deepEqual(fs.readdirSync(data), [])
  }
  removeTrust(trust)
})

/** @param {Tidemark} tm @param {string} id @param {string} word */
async function addWord(tm, id, word) {
  const text = String(tm.get(id)?.fields.findings ?? '')
  await tm.change((c) => c.text(id, 'findings', `${text} ${word}`, text))
}

for (const road of /** @type {const} */ (['websocket', 'post'])) {
  test(`${road}: after a restore from an old backup the tablets heal the store`, async () => {
    const trust = makeTrust()
    const server = await startServer(trust)
    const { url, port } = server
    const tamsin = await device(url, 'TAMSIN', { road })
    const helen = await device(url, 'HELEN', { road })
    const both = [tamsin, helen]
    const id = await newVisit(tamsin, 'start')
    await agree(both)
    /** @type {string[]} */
    const words = ['start']
    /** @param {Tidemark} tm @param {string} word */
    const say = async (tm, word) => {
      words.push(word)
      await addWord(tm, id, word)
    }
    for (let n = 0; n < 4; n++) {
      await say(both[n % 2], `before${n}`)
      await agree(both)
    }
    const { file, head } = backup(trust, makeFolder())
    // After it: more words, a new record, a judged field, one by both.
    for (let n = 0; n < 6; n++) {
      await say(both[n % 2], `after${n}`)
      if (n % 3 === 2) await agree(both)
    }
    const fresh = await newVisit(helen, 'born after it')
    await agree(both)
    await addWord(tamsin, fresh, 'and seen by both')
    await tamsin.change((c) => c.set(id, 'date', '2026-11-20'))
    await tamsin.change((c) => c.add(id, 'areas', 'LM'))
    await agree(both)
    assert.equal(tamsin.status.pending + helen.status.pending, 0)
    await server.kill()
    // While it is away the tablets go on.
    await say(tamsin, 'away0')
    await say(helen, 'away1')

    const blank = restore(file)
    const again = await startServer(blank, { port })
    await agree(both)
    await agree(both)
    const text = String(tamsin.get(id)?.fields.findings)
    assert.deepEqual(text.split(' ').sort(), [...words].sort())
    // Who comes back first says first: the words are all there, once.
    const born = String(tamsin.get(fresh)?.fields.findings)
    assert.deepEqual(
      born.trim().split(/ +/).sort(),
      'born after it and seen by both'.split(' ').sort(),
    )
    assert.equal(tamsin.get(id)?.fields.date, '2026-11-20')
    assert.deepEqual(tamsin.get(id)?.fields.areas, ['LM'])
    for (const one of [id, fresh]) {
      assert.deepEqual(helen.get(one)?.fields, tamsin.get(one)?.fields)
    }
    for (const tm of both) {
      assert.equal(tm.status.pending, 0)
      assert.deepEqual(tm.held(), [])
      assert.equal(tm.status.upToDate, true)
    }
    // Once more, from a backup of the new timeline, with nothing new since.
    const second = backup(blank, makeFolder())
    assert(second.head > head)
    await again.kill()
    const third = restore(second.file)
    const last = await startServer(third, { port })
    await agree(both)
    assert.equal(tamsin.get(id)?.fields.findings, text)
    const newcomer = await device(url, 'TAMSIN', { road })
    await agree([...both, newcomer])
    for (const one of [id, fresh]) {
      assert.deepEqual(newcomer.get(one)?.fields, tamsin.get(one)?.fields)
    }
    for (const tm of [...both, newcomer]) await tm.close()
    assert.equal(await last.stop(), 0)
    check(third)
    const lines = dump(third)
    checkVersions(lines)
    assert.equal(lines.filter((line) => line.in === 'held').length, 0)
    for (const one of [trust, blank, third]) removeTrust(one)
  })
}
