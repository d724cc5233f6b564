// @ts-check
/**
 * A tablet's storage is copied (a backup put back, a disk image, a folder), and
 * both go on under one name and one numbering: against the real server. What
 * either has written ends up in the store, and once.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { enrol, open } from '../src/index.js'
import { fileStore } from '../src/store-file.js'
import { namedId } from '../src/id.js'
import {
  check,
  checkVersions,
  dump,
  makeFolder,
  makeTrust,
  removeTrust,
  startServer,
  until,
} from './server.js'

const SCHOOL = namedId('porthenwyn')
const BUCKET = `oversight/${SCHOOL}`

/** @typedef {import('../src/index.js').Tidemark} Tidemark */

/** @param {Tidemark} tm @param {string} title @returns {Promise<string>} */
async function newVisit(tm, title) {
  let id = ''
  await tm.change((c) => {
    id = c.create('visit', BUCKET, {
      school: SCHOOL,
      date: '2026-11-24',
      lead: tm.person.id,
      state: 'draft',
      revision: 1,
      findings: title,
    })
  })
  return id
}

/** @param {Tidemark} tm @param {string} id @param {string} word */
async function addWord(tm, id, word) {
  const text = String(tm.get(id)?.fields.findings ?? '')
  await tm.change((c) => c.text(id, 'findings', `${text} ${word}`, text))
}

/** @param {Tidemark} tm @param {string} id */
const wordsOf = (tm, id) =>
  String(tm.get(id)?.fields.findings).trim().split(/ +/).sort()

for (const road of /** @type {const} */ (['websocket', 'post'])) {
  for (const how of /** @type {const} */ (['both offline', 'rolled back'])) {
    for (const forgets of [false, true]) {
      const about = forgets ? ', the server started anew' : ''
      test(`${road}: two copies of one tablet, ${how}${about}`, async () => {
        const trust = makeTrust()
        let server = await startServer(trust)
        const { url, port } = server
        const code = 'DEMO-TAMSIN'
        const identity = await enrol({ url, code, label: 'a', platform: 'n' })
        const folder = path.join(makeFolder(), 'one')
        const twin = `${folder}-twin`
        /** @param {string} at */
        const start = (at) =>
          open({ url, store: fileStore(at), identity, road, paused: true })
        let one = await start(folder)
        one.resume()
        const id = await newVisit(one, 'start')
        await one.sync({ timeout: 20000 })
        await one.close()
        fs.cpSync(folder, twin, { recursive: true })

        one = await start(folder)
        const two = await start(twin)
        /** @type {string[]} */
        const words = ['start']
        /** @param {Tidemark} tm @param {string} word */
        const say = async (tm, word) => {
          words.push(word)
          await addWord(tm, id, word)
          await newVisit(tm, word)
        }
        await say(one, 'one0')
        await say(two, 'two0')
        if (how === 'rolled back') {
          one.resume()
          await one.sync({ timeout: 20000 })
          await say(one, 'one1')
          await one.sync({ timeout: 20000 })
          await say(two, 'two1')
          await say(two, 'two2')
          await say(two, 'two3')
        }
        if (forgets) {
          await server.kill()
          server = await startServer(trust, { port })
        }
        one.resume()
        two.resume()
        const all = [...words].sort()
        for (const tm of [one, two, one, two]) await tm.sync({ timeout: 20000 })
        for (const tm of [one, two]) {
          await until(
            () =>
              tm.status.pending === 0 &&
              tm.status.upToDate &&
              wordsOf(tm, id).length === all.length,
            'all words have come',
            20000,
          )
          assert.deepEqual(wordsOf(tm, id), all)
          assert.deepEqual(tm.held(), [])
          const titles = tm
            .list('visit', ({ bucket }) => bucket === BUCKET)
            .map(({ fields }) => String(fields.findings))
          for (const word of words.slice(1)) {
            const twins = titles.filter((title) => title === word)
            assert.equal(twins.length, 1, `${word} stands once`)
          }
          await tm.close()
        }
        assert.equal(await server.stop(), 0)
        check(trust)
        checkVersions(dump(trust))
        removeTrust(trust)
      })
    }
  }
}
