import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { createDrafts, PAUSE_MS } from '../ui/draft.js'

/** A client with one record, whose saves can be made to wait or to fail. */
function client(text) {
  let fields = { findings: text }
  const saved = []
  const tm = {
    failing: false,
    gate: Promise.resolve(),
    saved,
    schema: { types: {} },
    say: (next) => {
      fields = { findings: next }
    },
    get: () => ({ type: 'visit', fields }),
    async change(work) {
      const wishes = []
      work({ text: (id, field, value, seen) => wishes.push({ value, seen }) })
      await tm.gate
      if (tm.failing)
        throw Object.assign(new Error('no room'), { name: 'storage' })
      saved.push(...wishes)
      fields = { findings: wishes[0].value }
    },
  }
  return tm
}

const open = (tm) => {
  const drafts = createDrafts(tm)
  return { drafts, draft: drafts.of('v', 'findings', 'text') }
}

beforeEach(() => mock.timers.reset())

test('a pause of 400 ms saves, with what the author had seen', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 })
  const tm = client('Plans are clear.')
  const { draft } = open(tm)
  draft.type('Plans are clear. Yes.')
  mock.timers.tick(PAUSE_MS - 1)
  assert.equal(tm.saved.length, 0)
  mock.timers.tick(1)
  await draft.flush()
  assert.deepEqual(tm.saved, [
    { value: 'Plans are clear. Yes.', seen: 'Plans are clear.' },
  ])
  assert.equal(draft.state.value, 'saved')
})

test('typing without a pause is saved within three seconds', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 })
  const tm = client('')
  const { draft } = open(tm)
  for (let i = 0; i < 16; i++) {
    draft.type('x'.repeat(i + 1))
    mock.timers.tick(200)
    for (let step = 0; step < 10; step++) await null // a save's own steps
  }
  await draft.flush()
  assert.ok(tm.saved.length >= 2)
})

test('others’ words join what is being typed, and go into the next save', async () => {
  const tm = client('Plans are clear.')
  const { draft } = open(tm)
  draft.type('Plans are clear. Mine.')
  tm.say('In short, plans are clear.')
  draft.arrived()
  assert.equal(draft.text(), 'In short, plans are clear. Mine.')
  await draft.flush()
  assert.deepEqual(tm.saved.at(-1), {
    value: 'In short, plans are clear. Mine.',
    seen: 'In short, plans are clear.',
  })
})

test('words that arrive while a save is on its way are not joined twice', async () => {
  const tm = client('Plans are clear.')
  const { draft } = open(tm)
  let release
  tm.gate = new Promise((resolve) => {
    release = resolve
  })
  draft.type('Plans are clear. Mine.')
  const kept = draft.flush()
  tm.say('Plans are clear. Mine.') // shown before the promise resolves
  draft.arrived()
  release()
  assert.equal(await kept, true)
  assert.equal(draft.text(), 'Plans are clear. Mine.')
  tm.say('So, plans are clear. Mine.')
  draft.arrived()
  assert.equal(draft.text(), 'So, plans are clear. Mine.')
  assert.equal(draft.inStep(), true)
})

test('words that could not be kept stay, and raise the alarm until they are', async () => {
  const tm = client('')
  const { drafts, draft } = open(tm)
  tm.failing = true
  draft.type('Precious.')
  assert.equal(await drafts.flush(), false)
  assert.equal(draft.text(), 'Precious.')
  assert.equal(drafts.failed.value.name, 'storage')
  assert.equal(drafts.unsaved(), true)
  assert.equal(drafts.of('v', 'findings', 'text').text(), 'Precious.')
  tm.failing = false
  assert.equal(await drafts.flush(), true)
  assert.equal(drafts.failed.value, null)
  assert.deepEqual(tm.saved, [{ value: 'Precious.', seen: '' }])
})
