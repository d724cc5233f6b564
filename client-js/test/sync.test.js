// @ts-check
/**
 * The library against the real server, over both roads: two people, a server
 * that is killed in the middle, a device that is killed in the middle. Needs
 * the program; TIDEMARK_BIN is its folder (default: the newest under build/).
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanUps, skip, startTrust } from './trust.js'
import { enrol, open } from '../src/index.js'
import { memoryShelf, memoryStore } from '../src/store-memory.js'
import { namedId } from '../src/id.js'

const WAIT_MS = 20000
const SCHOOL = namedId('s01')
const BUCKET = `oversight/${SCHOOL}`

/** @param {string} url @param {string} name @param {any} road */
async function device(url, name, road) {
  const code = `${name}-code`
  const identity = await enrol({ url, code, label: 'test', platform: 'node' })
  const shelf = memoryShelf()
  const start = () =>
    open({ url, store: memoryStore(shelf), identity, road, tabs: undefined })
  const tm = await start()
  cleanUps.push(() => tm.close())
  return { tm, start }
}

/** @param {any} tm @returns {Promise<string>} */
async function newVisit(tm, findings = 'All was calm.') {
  let id = ''
  await tm.change((/** @type {any} */ c) => {
    id = c.create('visit', BUCKET, {
      school: SCHOOL,
      date: '2026-03-02',
      lead: tm.person.id,
      findings,
    })
  })
  return id
}

/** Until both have all of both. @param {any[]} all */
async function agree(all) {
  for (const tm of all) await tm.sync({ timeout: WAIT_MS })
  for (const tm of all) await tm.sync({ timeout: WAIT_MS })
}

for (const road of /** @type {const} */ (['websocket', 'post'])) {
  test(`${road}: two people, one record`, { skip }, async () => {
    const trust = await startTrust()
    const { tm: ann } = await device(trust.url, 'Ann', road)
    const { tm: bob } = await device(trust.url, 'Bob', road)
    await agree([ann, bob])
    const id = await newVisit(ann)
    await agree([ann, bob])
    assert.equal(bob.get(id)?.fields.findings, 'All was calm.')
    assert.equal(bob.get(id)?.bucket, BUCKET)

    ann.pause()
    bob.pause()
    await ann.change((c) => {
      c.text(id, 'findings', 'Nearly all was calm.')
      c.add(id, 'areas', 'LM')
    })
    await bob.change((c) => {
      c.text(id, 'findings', 'All was calm. Pupils read aloud.')
      c.add(id, 'areas', 'TL')
    })
    assert.equal(ann.statusOf(id), 'on_this_tablet')
    ann.resume()
    bob.resume()
    await agree([ann, bob])
    const { fields } = /** @type {any} */ (ann.get(id))
    assert.equal(fields.findings, 'Nearly all was calm. Pupils read aloud.')
    assert.deepEqual(fields.areas, ['LM', 'TL'])
    assert.deepEqual(bob.get(id)?.fields, fields)
    assert.equal(ann.status.road, road)
    assert.equal(ann.held().length + bob.held().length, 0)

    const history = await ann.history(id)
    const texts = history.filter((entry) => entry.field === 'findings')
    assert.equal(texts.length, 3)
    assert.equal(texts[texts.length - 1].value, 'All was calm.')
  })

  test(
    `${road}: a judgement that two made differently waits for a person`,
    { skip },
    async () => {
      const trust = await startTrust()
      const { tm: ann } = await device(trust.url, 'Ann', road)
      const { tm: bob } = await device(trust.url, 'Bob', road)
      const id = await newVisit(ann)
      await agree([ann, bob])
      ann.pause()
      bob.pause()
      await ann.change((c) => c.set(id, 'date', '2026-03-03'))
      await bob.change((c) => c.set(id, 'date', '2026-03-04'))
      ann.resume()
      await agree([ann])
      bob.resume()
      await agree([bob, ann])
      assert.equal(bob.get(id)?.fields.date, '2026-03-03')
      assert.deepEqual(bob.get(id)?.fields, ann.get(id)?.fields)
      const dates = await bob.history(id)
      const [newest] = dates.filter((entry) => entry.field === 'date')
      assert.equal(newest.value, '2026-03-04')
      assert.equal(newest.outcome, 'conflict')
    },
  )

  test(
    `${road}: killed in the middle, nothing is lost or doubled`,
    { skip },
    async () => {
      const trust = await startTrust()
      const first = await device(trust.url, 'Ann', road)
      const { tm: bob } = await device(trust.url, 'Bob', road)
      let ann = first.tm
      const id = await newVisit(ann, 'start')
      await agree([ann, bob])
      const words = ['start']
      for (let round = 0; round < 4; round++) {
        for (let n = 0; n < 10; n++) {
          const tm = n % 2 ? ann : bob
          const word = `r${round}n${n}`
          words.push(word)
          const now = tm.get(id)?.fields.findings
          const whole = n % 2 ? `${word} ${now}` : `${now} ${word}`
          await tm.change((c) => c.text(id, 'findings', whole))
          if (n === 5) await trust.kill()
        }
        if (round === 2) {
          await ann.close()
          ann = await first.start()
          cleanUps.push(() => ann.close())
        }
        await trust.start()
        await agree([ann, bob])
      }
      const text = String(ann.get(id)?.fields.findings)
      assert.equal(bob.get(id)?.fields.findings, text)
      assert.deepEqual(text.split(' ').sort(), words.sort())
      assert.equal(ann.status.pending + bob.status.pending, 0)
      assert.equal(ann.held().length + bob.held().length, 0)
    },
  )
}

test(
  'where WebSockets are broken, the device takes POST by itself',
  { skip },
  async () => {
    const trust = await startTrust()
    const identity = await enrol({
      url: trust.url,
      code: 'Ann-code',
      label: 'test',
      platform: 'node',
    })
    const tm = await open({
      url: trust.url,
      store: memoryStore(),
      identity,
      connectSocket: (_url, handlers) => {
        setTimeout(() => handlers.closed('gone'), 5)
        return { send: () => {}, interrupt: () => {}, close: () => {} }
      },
    })
    cleanUps.push(() => tm.close())
    await tm.sync({ timeout: WAIT_MS })
    assert.equal(tm.status.road, 'post')
    assert.equal(tm.status.upToDate, true)
  },
)
