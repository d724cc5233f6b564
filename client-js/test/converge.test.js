// @ts-check
/**
 * Several devices, one server, a bad network: whatever happens, in the end all
 * show the same, every word that somebody wrote is there once, and a person's
 * own words never leave their screen nor stand there twice.
 *
 * Convergence is true by construction, so it alone proves nothing: the words
 * are counted, and the screens are looked at on the way.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createWorld, settle } from './world.js'

const SCHOOL = 'school/s01'
const SCOPE = { [SCHOOL]: ['writer'], common: ['reader'] }
const PEOPLE = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`)
const STEPS = 120

/** How often a word stands in a text. @param {string} text
 * @param {string} word */
const countOf = (text, word) =>
  text.split(/\s+/).filter((one) => one === word).length

/** Put a word between two words of the text. @param {string} text
 * @param {string} word @param {number} chance */
function withWord(text, word, chance) {
  const words = text ? text.split(' ') : []
  words.splice(Math.floor(chance * (words.length + 1)), 0, word)
  return words.join(' ')
}

/** @param {number} seed @param {{ pageRows?: number, people?: number }} [options] */
async function run(seed, { pageRows, people = 3 } = {}) {
  const world = createWorld({ seed, pageRows })
  const { random } = world
  /** @type {any[]} */
  const devices = []
  for (const person of PEOPLE.slice(0, people)) {
    const device = await world.device(world.server.enrol(person, SCOPE))
    devices.push({ ...device, words: new Set() })
  }
  await world.flow()
  /** @type {string[]} */
  const ids = []
  const words = new Set()
  let number = 0

  /** @param {any} device */
  async function write(device) {
    const { tm } = device
    const visible = ids.filter((id) => tm.get(id))
    const word = `w${++number}`
    if (!visible.length || random() < 0.1) {
      await tm.change((/** @type {any} */ c) => {
        ids.push(c.create('note', SCHOOL, { title: word, body: word }))
      })
    } else {
      const id = visible[Math.floor(random() * visible.length)]
      if (random() < 0.2) {
        await tm.change((/** @type {any} */ c) => c.set(id, 'title', word))
        return
      }
      if (random() < 0.1) {
        await tm.change((/** @type {any} */ c) => c.add(id, 'tags', 'a'))
        return
      }
      const text = tm.get(id).fields.body ?? ''
      const whole = withWord(text, word, random())
      await tm.change((/** @type {any} */ c) => c.text(id, 'body', whole))
    }
    words.add(word)
    device.words.add(word)
  }

  /** @param {any} device */
  async function restart(device) {
    device.tm.pause()
    await settle()
    device.tm = await device.start()
    await settle()
  }

  /** All that a device shows. @param {any} tm */
  const textsOf = (tm) =>
    tm
      .list('note')
      .map((/** @type {any} */ note) => note.fields.body ?? '')
      .join(' ')

  async function step() {
    const wires = [...world.wires]
    const wire = wires[Math.floor(random() * wires.length)]
    const device = devices[Math.floor(random() * devices.length)]
    const dice = random()
    if (dice < 0.35) await write(device)
    else if (dice < 0.6) wire?.deliverUp()
    else if (dice < 0.85) wire?.deliverDown()
    else if (dice < 0.9) wire?.cut()
    else if (dice < 0.93) await restart(device)
    else world.time.advance(Math.floor(random() * 3000))
    await settle()
    for (const { tm, words: own } of devices) {
      const text = textsOf(tm)
      for (const word of own) {
        const times = countOf(text, word)
        assert.ok(times > 0, `seed ${seed}: ${word} left its author's screen`)
        if (!pageRows) {
          assert.equal(times, 1, `seed ${seed}: ${word} stands ${times} times`)
        }
      }
    }
  }

  for (let i = 0; i < STEPS; i++) await step()
  await world.pass(65000)
  for (let i = 0; i < 20 && devices.some((d) => d.tm.status.pending); i++) {
    await world.pass(5000)
  }

  const truth = world.server.dump(SCHOOL)
  const whole = Object.values(truth)
    .map((fields) => fields[2] ?? '')
    .join(' ')
  for (const word of words) {
    assert.equal(countOf(whole, word), 1, `seed ${seed}: ${word} in the end`)
  }
  for (const { tm } of devices) {
    assert.equal(tm.status.pending, 0, `seed ${seed}: all is sent`)
    assert.equal(tm.status.upToDate, true, `seed ${seed}: all is received`)
    assert.equal(tm.held().length, 0, `seed ${seed}: nothing is held`)
    for (const id of ids) {
      const shown = tm.get(id).fields
      const fields = truth[id]
      assert.equal(shown.body ?? '', fields[2] ?? '', `seed ${seed}`)
      assert.equal(shown.title, fields[1], `seed ${seed}`)
      assert.deepEqual(shown.tags ?? [], fields[3] ?? [], `seed ${seed}`)
    }
  }
}

const seeds = Number(process.env.TIDEMARK_SEEDS ?? 25)

test('any order of edits, deliveries, cuts and kills', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => run(seed)),
    { numRuns: seeds, seed: 7, endOnFailure: true },
  )
})

test('the same, when a catch-up comes in small pages', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), (seed) =>
      run(seed, { pageRows: 2 }),
    ),
    { numRuns: seeds, seed: 8, endOnFailure: true },
  )
})

test('one person alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), (seed) =>
      run(seed, { people: 1 }),
    ),
    { numRuns: seeds, seed: 9, endOnFailure: true },
  )
})
