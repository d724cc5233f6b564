// @ts-nocheck: it drives the stories' world, which is plain JSON
/**
 * What must hold whatever is written, wherever and in whatever order, against
 * the real server:
 *
 *   - every word that somebody put in stands in the text or in its history;
 *   - all devices show the same in the end, fields and flags;
 *   - who only adds words between others' is never asked to check wording;
 *   - what comes of a day's changes does not hang on how they were batched.
 *
 * TIDEMARK_SEED starts elsewhere; a failing seed is named.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enrol } from '../src/index.js'
import { apply, diff } from '../src/text.js'
import { writeChange } from '../src/change.js'
import { closeWorld, openWorld, syncDevice } from '../tools/story-play.mjs'
import { bucketShown } from '../tools/story-judge.mjs'
import { converse } from './raw.js'
import { chance } from './server.js'

const BUCKET = 'oversight/porthenwyn'
const WORDS = 'Plans are clear and reviews of them are held on time'
const STEPS = 24
const BUDGET_MS = 6000
const first = Number(process.env.TIDEMARK_SEED ?? 1)

const STORY = {
  devices: { a: 'tamsin', b: 'jory', c: 'helen' },
  start: { any: { type: 'visit', bucket: BUCKET, fields: {} } },
  steps: [{ at: '2026-01-14T10:00', device: 'a', do: 'sync' }],
}

let world
before(async () => {
  world = await openWorld(STORY)
})
after(() => closeWorld(world))

const bucket = () => world.names.bucketOf(BUCKET)
const devices = () => Object.values(world.devices)

async function syncAll() {
  for (const device of devices()) await syncDevice(world, device)
  for (const device of devices()) await syncDevice(world, device)
}

/** A visit that everybody has. */
async function newVisit() {
  const [{ tm }] = devices()
  let id
  await tm.change((c) => {
    id = c.create('visit', bucket(), {
      school: world.names.idOf('porthenwyn'),
      lead: world.names.idOf('jory'),
      date: '2026-01-14',
      state: 'draft',
      revision: 1,
      areas: ['ID', 'TM'],
      findings: WORDS,
    })
  })
  await syncAll()
  return id
}

/* ---- One author's next edit ---- */

/** Put in a word; or, unless words are only added, take or reword one that was
 * there from the start: what others put in is never taken out on purpose. */
function reworded(random, text, word, isAdding) {
  const words = text.split(' ')
  const own = [...words.keys()].filter((i) => !/^w\d/.test(words[i]))
  const dice = random.random()
  if (isAdding || dice < 0.6 || !own.length) {
    words.splice(random.below(words.length + 1), 0, word)
    return { text: words.join(' '), word }
  }
  const at = random.pick(own)
  if (dice < 0.75) {
    words.splice(at, 1)
    return { text: words.join(' ') }
  }
  words[at] = word
  return { text: words.join(' '), word }
}

const OTHERS = [
  ['set', 'kind', ['support', 'follow_up', 'drop_in']],
  ['set', 'date', ['2026-01-14', '2026-01-15', '2026-01-16']],
  ['set', 'support_level', ['universal', 'targeted', 'intensive']],
  ['set', 'state', ['draft', 'submitted']],
  ['add', 'areas', ['LM', 'ID', 'TM', 'TL']],
  ['remove', 'areas', ['LM', 'ID', 'TM', 'TL']],
]

async function write(random, tm, id, word, isAdding) {
  if (random.random() < 0.3) {
    const [op, field, values] = random.pick(OTHERS)
    await tm.change((c) => c[op](id, field, random.pick(values)))
    return null
  }
  const edit = reworded(
    random,
    tm.get(id).fields.findings ?? '',
    word,
    isAdding,
  )
  await tm.change((c) => c.text(id, 'findings', edit.text))
  return edit.word
}

/* ---- What must hold ---- */

async function historyOf(id) {
  const { tm } = devices()[0]
  tm.resume()
  await tm.sync({ timeout: 10000 })
  const entries = await tm.history(id)
  await syncDevice(world, devices()[0])
  return entries
}

function allShowTheSame(seed, id) {
  const [one, ...others] = devices()
  const shown = bucketShown(one.tm, bucket())
  assert.ok(shown[id], `seed ${seed}: the record is there`)
  for (const { tm, person } of others) {
    assert.deepEqual(
      bucketShown(tm, bucket()),
      shown,
      `seed ${seed}: ${person}`,
    )
  }
}

async function run(seed, isAdding) {
  const random = chance(seed)
  const id = await newVisit()
  const words = new Set()
  for (let i = 0; i < STEPS; i++) {
    world.now += 60000
    const device = random.pick(devices())
    if (random.random() < 0.25) await syncDevice(world, device)
    const word = `w${seed}x${i}`
    const put = await write(random, device.tm, id, word, isAdding)
    if (put) words.add(put)
  }
  await syncAll()
  allShowTheSame(seed, id)
  const { fields, meta } = devices()[0].tm.get(id)
  const kept = (await historyOf(id)).filter((e) => e.field === 'findings')
  const all = [fields.findings, ...kept.map((e) => e.value)].join(' ')
  const there = new Set(all.split(/\s+/))
  for (const word of words) {
    assert.ok(there.has(word), `seed ${seed}: ${word} is lost`)
  }
  for (const { tm } of devices()) {
    assert.deepEqual(tm.held(), [], `seed ${seed}: nothing is held`)
  }
  if (!isAdding) return
  const shown = fields.findings.split(/\s+/)
  assert.equal(meta.findings.checkWording, false, `seed ${seed}: no overlap`)
  assert.equal(shown.length, WORDS.split(' ').length + words.size)
}

async function forAWhile(work) {
  const end = Date.now() + BUDGET_MS
  let seed = first
  do await work(seed++)
  while (Date.now() < end && seed < first + 200)
}

test('every word stays, and all show the same', () =>
  forAWhile((seed) => run(seed, false)))

test('words that are only added are never asked about', () =>
  forAWhile((seed) => run(1000 + seed, true)))

/* ---- Batching ---- */

const visit = () => world.office.tm.schema.types.visit
const number = (field) => visit().fields[field].id

/** What one person does in a day: changes made on what all had at its start,
 * as (field, op, value), the text by its whole. */
function dayOf(random, name) {
  let text = WORDS
  return Array.from({ length: 2 + random.below(5) }, (_, i) => {
    if (random.random() < 0.5) {
      const [op, field, values] = random.pick(OTHERS)
      const value = random.pick(values)
      return { op, field, value: op === 'set' ? value : [value] }
    }
    const base = text
    text = reworded(random, base, `w${name}${i}`, false).text
    const value = diff(base, text)
    assert.equal(apply(base, value), text)
    return { op: 'text', field: 'findings', value }
  })
}

/** The day's changes of one person as bytes, for that record. */
function changesOf(day, raw, id) {
  const { meta } = world.devices.a.tm.get(id)
  return day.map(({ op, field, value }) => {
    const seen = meta[field]?.version ?? 0
    const edits = [{ op, field: number(field), seen, value }]
    const touches = [{ bucket: raw.bucket(bucket()), record: id, edits }]
    return writeChange({ at: world.now, touches })
  })
}

async function rawDevices() {
  const all = []
  for (const [name, person] of Object.entries(STORY.devices)) {
    const { url } = world.server
    const code = world.stage.codeOf(person)
    const identity = await enrol({ url, code, label: name, platform: 'raw' })
    const raw = await converse(url, [], identity, { clock: world.now })
    all.push({ name, raw, seq: 0 })
  }
  return all
}

async function outcomeOf({ raw }, last) {
  for (;;) {
    const update = await raw.nextOf('update')
    const outcome = update?.outcomes.find((one) => one.last >= last)
    if (outcome) return outcome.version
    assert.ok(update, 'the server has closed')
  }
}

/** One PUSH with all of these. */
function push(device, changes) {
  const seq = device.seq + 1
  device.raw.say({ type: 'push', first: seq, changes })
  device.seq += changes.length
  return outcomeOf(device, device.seq)
}

/** What is to be compared: no ids, versions or times. */
function summary(tm, id) {
  const { fields, meta } = tm.get(id)
  const flags = Object.entries(meta).map(([name, m]) => [
    name,
    m.by,
    m.checkWording,
    m.conflict,
    m.merged,
  ])
  const conflicts = tm.conflicts(id).map(({ field, resolver, values }) => ({
    field,
    resolver,
    values: values.map(({ by, values: all }) => ({ by, ...all })),
  }))
  conflicts.sort((a, b) => (a.field < b.field ? -1 : 1))
  return { fields, flags, conflicts }
}

/** `turn`: how the order is changed; a checker that is not blind notices. */
async function batched(seed, all, turn = (order) => order) {
  const random = chance(seed)
  const together = await newVisit()
  const apart = await newVisit()
  world.now += 60000
  const days = all.map(({ name }) => dayOf(random, name))
  const versions = await Promise.all(
    all.map((device, i) =>
      push(device, changesOf(days[i], device.raw, together)),
    ),
  )
  // In the order that the server took them, each by itself.
  const order = [...all.keys()].sort((i, j) => versions[i] - versions[j])
  for (const i of turn(order)) {
    for (const change of changesOf(days[i], all[i].raw, apart)) {
      await push(all[i], [change])
    }
  }
  await syncAll()
  const { tm } = world.devices.b
  const left = summary(tm, together)
  const right = summary(tm, apart)
  assert.deepEqual(left, right, `seed ${seed}: at once, and one by one`)
}

test('it does not matter how changes are batched', async () => {
  const all = await rawDevices()
  const turned = (order) => order.reverse()
  try {
    await forAWhile((seed) => batched(2000 + seed, all))
    await assert.rejects(async () => {
      for (let seed = 1; seed < 9; seed++) await batched(seed, all, turned)
    }, /at once, and one by one/)
  } finally {
    for (const { raw } of all) raw.close()
  }
})
