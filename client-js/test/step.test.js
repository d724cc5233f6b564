// @ts-check
/** The replica's step, driven message by message: event left, effect right. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply } from '../src/text.js'
import { applyToImage, createImage } from '../src/image.js'
import { CLOSED, step } from '../src/replica.js'
import { createCatalog } from '../src/catalog.js'
import { makeRecord } from '../src/record.js'
import { NOTES } from './notes-schema.js'
import { sumAdd } from '../src/hash.js'

const ANN = '00000000-0000-7000-8000-000000000001'
const DEVICE = '00000000-0000-7000-8000-0000000000d1'
const NOTE = '00000000-0000-7000-8000-0000000000a1'
const OTHER = '00000000-0000-7000-8000-0000000000a2'
const TIMELINE = '00000000-0000-7000-8000-0000000000f1'
const NONCE = new Uint8Array(16).fill(7)
const SCHOOL = 1
const SCOPE = [
  { bucket: SCHOOL, name: 'school/s01', roles: ['writer'] },
  { bucket: 2, name: 'common', roles: ['writer'] },
]

/** A replica and the effects of its last step. */
function replica() {
  const catalog = createCatalog(NOTES)
  const identity = {
    key: 'identity',
    device: DEVICE,
    token: '00'.repeat(32),
    person: ANN,
  }
  const contents = { revision: 0, records: [], outbox: [], held: [], kept: [] }
  const image = createImage(
    { ...contents, meta: [identity] },
    { isText: (_type, field) => field === 2 },
  )
  const config = { catalog, appVersion: '1', storageKept: null }
  let session = CLOSED
  let now = 1000

  /** @param {any} event @returns {any[]} effects */
  function happen(event) {
    const done = step(image, session, { now: ++now, ...event }, config)
    session = done.session
    applyToImage(image, done.ops, apply)
    return done.effects
  }

  /** @param {any} message @param {any[]} [bodies] @returns {any[]} */
  const hear = (message, bodies = []) =>
    happen({ type: 'message', message, bodies })

  return {
    image,
    happen,
    hear,
    get session() {
      return session
    },
    /** @param {any} more */
    welcome: (more = {}) =>
      hear({
        type: 'welcome',
        nonce: NONCE,
        timeline: TIMELINE,
        fork: 0,
        safe: 0,
        replica: 1,
        person: ANN,
        seq: 0,
        version: 0,
        scope: SCOPE,
        head: 0,
        ...more,
      }),
    open: () => happen({ type: 'open', road: 'websocket', nonce: NONCE }),
    /** @param {any[]} wishes */
    save: (...wishes) => happen({ type: 'save', wishes, tag: undefined }),
    show: (id = NOTE) => makeRecord(image, catalog, id, ANN, new Set()),
  }
}

/** @param {number} field @param {number} version @param {any} value
 * @param {any} [more] */
const row = (field, version, value, more) => ({
  field,
  version,
  value,
  flags: 0,
  author: ANN,
  at: 1,
  prev: 0,
  ...more,
})

/** One update with one segment of the school's bucket.
 * @param {ReturnType<typeof replica>} r @param {any} how @param {any[]} rows */
const update = (
  r,
  { from, to, head = 0, outcomes = [], bucket = SCHOOL },
  rows,
) =>
  r.hear(
    {
      type: 'update',
      head,
      outcomes,
      segments: [{ bucket, from, to, codec: 0, body: null }],
    },
    [[{ record: NOTE, type: 1, author: ANN, at: 1, rows }]],
  )

/** @param {any[]} rows of NOTE */
const sumOf = (rows) => {
  let sum = { low: 0, high: 0 }
  for (const { field, version } of rows) {
    sum = sumAdd(sum, NOTE, field, version)
  }
  return { bucket: SCHOOL, count: rows.length, ...sum }
}

/** A replica that has the note with a body, and is live. */
function live() {
  const r = replica()
  r.open()
  r.welcome()
  const rows = [row(0, 1, true), row(2, 3, 'one two')]
  update(r, { from: 0, to: 3 }, rows)
  r.hear({ type: 'checkpoint', head: 3, sums: [sumOf(rows)] })
  return r
}

/** @param {any[]} effects @returns {any[]} messages */
const sent = (effects) =>
  effects.flatMap((effect) => (effect.do === 'send' ? effect.messages : []))

test('hello comes first, and pushes follow it without waiting', () => {
  const r = replica()
  const wish = {
    do: 'create',
    record: NOTE,
    type: 'note',
    bucket: 'school/s01',
  }
  assert.deepEqual(r.save(wish), [])
  const messages = sent(r.open())
  assert.deepEqual(
    messages.map((message) => message.type),
    ['hello', 'push'],
  )
  assert.equal(messages[0].report.pending, 1)
  assert.equal(messages[1].first, 1)
})

test('a POST that was delivered twice is not taken for a copied device', () => {
  const r = replica()
  r.save({
    do: 'create',
    record: NOTE,
    type: 'note',
    bucket: 'school/s01',
  })
  const [{ incarnation }] = sent(
    r.happen({ type: 'open', road: 'post', nonce: NONCE }),
  )
  r.welcome({ seq: 1, version: 1 }) // the first delivery was consumed
  const again = r.happen({ type: 'round', nonce: NONCE })
  assert.equal(sent(again)[0].incarnation, incarnation)
})

test('an answer without our nonce is a portal’s', () => {
  const r = replica()
  r.open()
  const effects = r.welcome({ nonce: new Uint8Array(16) })
  assert.deepEqual(effects, [{ do: 'portal' }])
  assert.equal(r.image.meta.get('scope'), undefined)
})

test('a row that is not newer than ours changes nothing', () => {
  const r = live()
  update(r, { from: 0, to: 3 }, [row(2, 2, 'old words'), row(2, 3, 'other')])
  assert.equal(r.show()?.fields.body, 'one two')
})

test('a delta is folded on the version that it names, and on no other', () => {
  const r = live()
  const delta = (/** @type {number} */ version, /** @type {number} */ prev) =>
    row(2, version, [3, ' and'], { flags: 1, prev })
  update(r, { from: 3, to: 4, head: 4 }, [delta(4, 3)])
  assert.equal(r.show()?.fields.body, 'one and two')
  const effects = update(r, { from: 4, to: 6, head: 6 }, [delta(6, 5)])
  assert.deepEqual(sent(effects), [{ type: 'pull', cursors: [[SCHOOL, 0]] }])
  assert.equal(r.show()?.fields.body, 'one and two')
  assert.equal(r.image.meta.get('cursors').versions[SCHOOL], 4)
  assert.equal(r.session.upToDate, false)
})

test('a segment that begins beyond our cursor is asked for again', () => {
  const r = live()
  const effects = update(r, { from: 5, to: 9, head: 9 }, [row(2, 9, 'later')])
  assert.deepEqual(sent(effects), [{ type: 'pull', cursors: [[SCHOOL, 3]] }])
  assert.equal(r.show()?.fields.body, 'one two')
  assert.equal(r.image.meta.get('cursors').versions[SCHOOL], 3)
})

test('a cursor never goes back', () => {
  const r = live()
  update(r, { from: 0, to: 2 }, [])
  assert.equal(r.image.meta.get('cursors').versions[SCHOOL], 3)
})

test('our change stays on top until its buckets have reached its version', () => {
  const r = live()
  r.save({ do: 'set', record: NOTE, field: 'title', value: 'Mine' })
  const outcomes = [{ first: 1, last: 1, version: 4, exceptions: [] }]
  r.hear({ type: 'update', head: 0, outcomes, segments: [] })
  assert.equal(r.image.outbox.size, 1)
  assert.equal(r.show()?.fields.title, 'Mine')
  update(r, { from: 3, to: 4, head: 4 }, [row(1, 4, 'Mine')])
  assert.equal(r.image.outbox.size, 0)
  assert.equal(r.show()?.fields.title, 'Mine')
  assert.equal(r.show()?.pending, false)
})

test('an outcome and its rows clear a change in the same step', () => {
  const r = live()
  r.save({
    do: 'text',
    record: NOTE,
    field: 'body',
    value: 'one two three',
    screen: undefined,
  })
  const outcomes = [{ first: 1, last: 1, version: 4, exceptions: [] }]
  const rows = [row(2, 4, 'one two three')]
  update(r, { from: 3, to: 4, head: 4, outcomes }, rows)
  assert.equal(r.show()?.fields.body, 'one two three')
  assert.equal(r.image.outbox.size, 0)
  assert.equal(r.image.meta.get('self').acked, 1)
})

test('only what this connection has caught up with follows the head', () => {
  const r = live()
  r.hear({ type: 'update', head: 9, outcomes: [], segments: [] })
  assert.deepEqual(r.image.meta.get('cursors').versions, { 1: 9, 2: 9 })
  r.happen({ type: 'closed' })
  r.open()
  r.welcome()
  r.hear({ type: 'update', head: 12, outcomes: [], segments: [] })
  assert.deepEqual(r.image.meta.get('cursors').versions, { 1: 9, 2: 9 })
})

test('a sum that disagrees fetches the bucket, and drops what did not come', () => {
  const r = live()
  r.image.records.set(OTHER, {
    id: OTHER,
    type: 1,
    bucket: SCHOOL,
    fields: { 1: { v: 2, value: 'ghost', at: 1, by: ANN, flags: 0 } },
    born: null,
  })
  r.image.sums.set(SCHOOL, { count: 3, low: 1, high: 1 })
  const rows = [row(0, 1, true), row(2, 3, 'one two')]
  const asked = r.hear({ type: 'checkpoint', head: 5, sums: [sumOf(rows)] })
  assert.deepEqual(sent(asked), [{ type: 'pull', cursors: [[SCHOOL, 0]] }])
  assert.equal(r.session.upToDate, false)
  // A checkpoint that was on its way already says nothing about it.
  r.hear({ type: 'checkpoint', head: 5, sums: [sumOf(rows)] })
  assert.ok(r.image.records.has(OTHER))
  update(r, { from: 0, to: 5 }, rows)
  const done = r.hear({ type: 'checkpoint', head: 5, sums: [sumOf(rows)] })
  assert.ok(done.some((effect) => effect.event === 'healed'))
  assert.equal(r.image.records.has(OTHER), false)
})

test('a gap is answered from the change that is missing', () => {
  const r = live()
  r.save({ do: 'set', record: NOTE, field: 'title', value: 'A' })
  r.save({ do: 'set', record: NOTE, field: 'day', value: '2025-01-01' })
  const gap = { type: 'error', code: 9, name: 'gap', detail: 1 }
  const [push] = sent(r.hear(gap))
  assert.equal(push.first, 1)
  assert.equal(push.changes.length, 2)
  // The same gap once more is not answered for ever.
  assert.deepEqual(r.hear(gap), [{ do: 'close', name: 'gap' }])
})

test('a server that forgot what it had acknowledged gets a new numbering', () => {
  const r = live()
  r.save({ do: 'set', record: NOTE, field: 'title', value: 'A' })
  const outcomes = [{ first: 1, last: 1, version: 4, exceptions: [] }]
  update(r, { from: 3, to: 4, head: 4, outcomes }, [row(1, 4, 'A')])
  r.save({ do: 'set', record: NOTE, field: 'title', value: 'B' })
  r.happen({ type: 'closed' })
  r.open()
  const { incarnation } = r.image.meta.get('self')
  const effects = r.welcome({ seq: 0 })
  assert.ok(effects.some((effect) => effect.do === 'reconnect'))
  const self = r.image.meta.get('self')
  assert.ok(self.incarnation > incarnation)
  assert.deepEqual([self.made, self.acked], [1, 0])
  assert.equal(r.image.outbox.get(1)?.touches[0].edits[0].value, 'B')
})

test('over POST a round that brings nothing is not repeated at once', () => {
  const r = replica()
  r.save({ do: 'create', record: NOTE, type: 'note', bucket: 'school/s01' })
  r.happen({ type: 'open', road: 'post', nonce: NONCE })
  r.welcome()
  const effects = r.happen({ type: 'round', nonce: NONCE })
  assert.deepEqual(effects, [{ do: 'close', name: 'busy' }])
})

test('over POST a quiet device lets the server hold the answer', () => {
  const r = replica()
  r.happen({ type: 'open', road: 'post', nonce: NONCE })
  r.welcome()
  r.hear({ type: 'checkpoint', head: 0, sums: [] })
  const messages = sent(r.happen({ type: 'round', nonce: NONCE }))
  assert.deepEqual(
    messages.map((message) => message.type),
    ['hello', 'beat'],
  )
  assert.equal(r.session.upToDate, true)
  const wish = {
    do: 'create',
    record: NOTE,
    type: 'note',
    bucket: 'school/s01',
  }
  assert.deepEqual(r.save(wish), [{ do: 'interrupt' }])
  const next = sent(r.happen({ type: 'round', nonce: NONCE }))
  assert.deepEqual(
    next.map((message) => message.type),
    ['hello', 'push'],
  )
})
