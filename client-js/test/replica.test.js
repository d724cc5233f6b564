// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld, settle } from './world.js'

const SCHOOL = 'school/s01'
const WRITER = { [SCHOOL]: ['writer'], common: ['reader'] }
const ANN = '00000000-0000-7000-8000-000000000001'
const BOB = '00000000-0000-7000-8000-000000000002'

/** @param {number} [seed] */
async function pair(seed = 1) {
  const world = createWorld({ seed })
  const a = await world.device(world.server.enrol(ANN, WRITER))
  const b = await world.device(world.server.enrol(BOB, WRITER))
  await world.flow()
  return { world, a: a.tm, b: b.tm, deviceA: a, deviceB: b }
}

/** @param {any} tm @param {Record<string, any>} fields @returns {Promise<string>} */
async function create(tm, fields) {
  let id = ''
  await tm.change((/** @type {any} */ c) => {
    id = c.create('note', SCHOOL, fields)
  })
  return id
}

test('a change is shown at once, sent, and shown to the other', async () => {
  const { world, a, b } = await pair()
  const id = await create(a, { title: 'One', body: 'Hello', tags: ['b', 'a'] })
  assert.equal(a.get(id).fields.title, 'One')
  assert.equal(a.get(id).pending, true)
  assert.equal(a.status.pending, 1)
  assert.equal(b.get(id), undefined)
  await world.flow()
  assert.equal(a.status.pending, 0)
  assert.equal(a.get(id).pending, false)
  assert.equal(a.statusOf(id), 'sent')
  assert.deepEqual(b.get(id).fields, {
    title: 'One',
    body: 'Hello',
    tags: ['a', 'b'],
  })
  assert.deepEqual(b.get(id).fields, a.get(id).fields)
  assert.equal(b.status.upToDate, true)
  assert.equal(b.get(id).created.by, ANN)
})

test('offline typing is one change until it may have been sent', async () => {
  const { world, a } = await pair()
  world.network(false)
  await settle()
  const id = await create(a, { body: 'I saw' })
  await a.change((c) => c.text(id, 'body', 'I saw a class'))
  await a.change((c) => c.text(id, 'body', 'I saw a good class'))
  assert.equal(a.status.pending, 1)
  assert.equal(a.status.link, 'offline')
  assert.equal(a.statusOf(id), 'on_this_tablet')
  assert.equal(a.get(id).fields.body, 'I saw a good class')
  world.network(true)
  await world.pass(60000)
  assert.equal(a.status.pending, 0)
  assert.equal(a.get(id).fields.body, 'I saw a good class')
})

test('one text edit at a time is on its way; later typing waits', async () => {
  const { world, a, b } = await pair()
  const id = await create(a, { body: 'one' })
  await world.flow()
  await a.change((c) => c.text(id, 'body', 'one two'))
  await a.change((c) => c.text(id, 'body', 'one two three'))
  await a.change((c) => c.text(id, 'body', 'one two three four'))
  await settle()
  const [wire] = [...world.wires].filter((w) => w.up.length)
  assert.equal(wire.up.length, 1)
  assert.equal(a.status.pending, 2)
  assert.equal(a.get(id).fields.body, 'one two three four')
  await world.flow()
  assert.equal(a.status.pending, 0)
  assert.equal(b.get(id).fields.body, 'one two three four')
})

test('two people write in one text, and the screens agree', async () => {
  const { world, a, b } = await pair()
  const id = await create(a, { body: 'The lesson was calm.' })
  await world.flow()
  world.network(false)
  await settle()
  await a.change((c) => c.text(id, 'body', 'The first lesson was calm.'))
  await b.change((c) =>
    c.text(id, 'body', 'The lesson was calm. Pupils spoke.'),
  )
  world.network(true)
  await world.pass(60000)
  const want = 'The first lesson was calm. Pupils spoke.'
  assert.equal(a.get(id).fields.body, want)
  assert.equal(b.get(id).fields.body, want)
})

test('an author who still sees the older text goes on from there', async () => {
  const { world, a, b } = await pair()
  const id = await create(a, { body: 'Start.' })
  await world.flow()
  // The screen of A keeps its own text while B's words arrive.
  await b.change((c) => c.text(id, 'body', 'Start. From B.'))
  await world.flow()
  await a.change((c) => c.text(id, 'body', 'Before. Start.', 'Start.'))
  await world.flow()
  assert.equal(a.get(id).fields.body, 'Before. Start. From B.')
  // And again, from its own words, which the server has merged since.
  await a.change((c) =>
    c.text(id, 'body', 'Ever before. Start.', 'Before. Start.'),
  )
  await world.flow()
  assert.equal(a.get(id).fields.body, 'Ever before. Start. From B.')
  assert.equal(b.get(id).fields.body, a.get(id).fields.body)
})

test('a held change leaves the screen, is listed, and the queue goes on', async () => {
  const { world, a } = await pair()
  const id = await create(a, { title: 'Fine', body: 'x' })
  await world.flow()
  await a.change((c) => {
    c.set(id, 'title', 'POISON')
    c.text(id, 'body', 'x y')
  })
  await a.change((c) => c.text(id, 'body', 'x y z'))
  await world.flow()
  assert.equal(a.status.pending, 0)
  assert.equal(a.get(id).fields.title, 'Fine')
  assert.equal(a.get(id).fields.body, 'x z')
  const [held] = a.held()
  assert.equal(held.record, id)
  assert.equal(held.reason, 'bad_value')
  assert.equal(a.statusOf(id), 'held')
})

test('what is not allowed is refused before it is written', async () => {
  const { world, a } = await pair()
  const id = await create(a, { title: 'T' })
  const refused = [
    [(/** @type {any} */ c) => c.create('nothing', SCHOOL), 'unknown_type'],
    [(/** @type {any} */ c) => c.create('note', 'common'), 'denied'],
    [(/** @type {any} */ c) => c.set(id, 'colour', 'red'), 'unknown_field'],
    [(/** @type {any} */ c) => c.set(id, 'title', 'x'.repeat(41)), 'bad_value'],
    [(/** @type {any} */ c) => c.set(id, 'grade', 'z'), 'bad_value'],
    [(/** @type {any} */ c) => c.set(id, 'day', '2025-02-30'), 'bad_value'],
    [(/** @type {any} */ c) => c.set(id, 'owner', 'someone'), 'bad_value'],
    [(/** @type {any} */ c) => c.add(id, 'tags', 'z'), 'bad_value'],
    [(/** @type {any} */ c) => c.add(id, 'title', 'z'), 'bad_op'],
    [(/** @type {any} */ c) => c.text(id, 'body', 'a\ud800b'), 'bad_value'],
    [(/** @type {any} */ c) => c.set(ANN, 'title', 'x'), 'unknown_record'],
  ]
  for (const [fn, name] of refused) {
    await assert.rejects(a.change(/** @type {any} */ (fn)), { name })
  }
  assert.equal(a.status.pending, 1)
  await world.flow()
})

test('a bucket that is withdrawn is purged; a new one is filled', async () => {
  const { world, a, b, deviceB } = await pair()
  const id = await create(a, { title: 'Secret' })
  await world.flow()
  assert.equal(b.get(id).fields.title, 'Secret')
  world.server.grant(deviceB.identity.device, { common: ['reader'] })
  await world.flow()
  assert.equal(b.get(id), undefined)
  assert.deepEqual(
    b.scope.map((s) => s.name),
    ['common'],
  )
  world.server.grant(deviceB.identity.device, WRITER)
  await world.flow()
  assert.equal(b.get(id).fields.title, 'Secret')
  assert.equal(b.status.upToDate, true)
})

test('a device that disagrees heals, and says so', async () => {
  const { world, a, deviceB } = await pair()
  const id = await create(a, { title: 'True', body: 'words' })
  const other = await create(a, { title: 'Other' })
  await world.flow()
  await deviceB.tm.close()
  const { records } = deviceB.shelf.tables
  const damaged = records.get(id)
  damaged.fields[1] = { ...damaged.fields[1], value: 'Lie', v: 99 }
  records.delete(other)
  records.set(ANN, { ...damaged, id: ANN })
  const b = await deviceB.start()
  let healed = 0
  b.on('healed', () => healed++)
  await world.flow()
  assert.equal(healed, 1)
  assert.equal(b.get(id).fields.title, 'True')
  assert.equal(b.get(other).fields.title, 'Other')
  assert.equal(b.get(ANN), undefined)
  assert.equal(b.status.upToDate, true)
})

test('a copied device numbers afresh, and neither loses a word', async () => {
  const { world, a, deviceA } = await pair()
  const id = await create(a, { body: 'base' })
  await world.flow()
  const copy = structuredClone(deviceA.shelf)
  await a.change((c) => c.set(id, 'title', 'from the first'))
  await world.flow()
  const twin = await world.device(deviceA.identity, { shelf: copy })
  world.network(false)
  await settle()
  await twin.tm.change((c) => c.set(id, 'day', '2025-03-04'))
  world.network(true)
  await world.pass(60000)
  await world.pass(60000)
  assert.equal(twin.tm.status.pending, 0)
  assert.equal(twin.tm.get(id).fields.title, 'from the first')
  assert.equal(a.get(id).fields.day, '2025-03-04')
})

test('a reopened device goes on where it was killed', async () => {
  const { world, a, deviceA } = await pair()
  const id = await create(a, { body: 'one' })
  await world.flow()
  await a.change((c) => c.text(id, 'body', 'one two'))
  await settle() // sent, not answered
  world.network(false)
  await settle()
  a.pause() // the old one is never heard of again
  world.network(true)
  const again = await deviceA.start()
  await again.change((c) => c.text(id, 'body', 'one two three'))
  assert.equal(again.status.pending, 2)
  await world.flow()
  assert.equal(again.status.pending, 0)
  assert.equal(again.get(id).fields.body, 'one two three')
})

test('things with a natural key are one record', async () => {
  const { world, a, b } = await pair()
  world.server.grant(a.device.id, { common: ['writer'] })
  world.server.grant(b.device.id, { common: ['writer'] })
  await world.flow()
  world.network(false)
  await settle()
  const fields = { year: '2025', name: 'Autumn' }
  await a.change((c) =>
    c.create('term', 'common', { ...fields, about: 'Mine' }),
  )
  await b.change((c) =>
    c.create('term', 'common', { ...fields, about: 'Yours' }),
  )
  const id = a.naturalId('term', fields)
  assert.equal(a.get(id).fields.about, 'Mine')
  world.network(true)
  await world.pass(60000)
  assert.equal(a.list('term').length, 1)
  assert.match(a.get(id).fields.about, /Mine/)
  assert.match(a.get(id).fields.about, /Yours/)
  assert.deepEqual(a.get(id).fields, b.get(id).fields)
})

test('a deleted record leaves the lists and can be restored', async () => {
  const { world, a, b } = await pair()
  const id = await create(a, { title: 'Gone' })
  await world.flow()
  await b.change((c) => c.delete(id))
  assert.equal(b.list('note').length, 0)
  assert.equal(b.get(id).deleted, true)
  await world.flow()
  assert.equal(a.list('note').length, 0)
  await a.change((c) => c.restore(id))
  await world.flow()
  assert.equal(b.list('note').length, 1)
})

test('a live query runs when what it reads moves, once', async () => {
  const { world, a } = await pair()
  const one = await create(a, { title: 'One' })
  await world.flow()
  /** @type {number[]} */
  const counts = []
  /** @type {string[]} */
  const titles = []
  const stop = a.live(
    (tm) => tm.list('note').length,
    (n) => void counts.push(n),
  )
  a.live(
    (/** @type {any} */ tm) => tm.get(one).fields.title,
    (t) => void titles.push(t),
  )
  await create(a, { title: 'Two' })
  await settle()
  assert.deepEqual(counts, [1, 2])
  assert.deepEqual(titles, ['One'])
  stop()
  await a.change((c) => c.set(one, 'title', 'Three'))
  await settle()
  assert.deepEqual(titles, ['One', 'Three'])
  assert.deepEqual(counts, [1, 2])
})

test('sync resolves once everything is sent and a checkpoint came', async () => {
  const { world, a } = await pair()
  await create(a, { title: 'One' })
  let done = false
  const syncing = a.sync().then(() => (done = true))
  await settle()
  assert.equal(done, false)
  await world.flow()
  await syncing
  assert.equal(a.status.lastComplete, world.time.now())
})

test('a silent server is noticed, and the socket is left', async () => {
  const { world, a } = await pair()
  assert.equal(a.status.link, 'online')
  world.time.advance(20001) // a beat goes out, and nothing comes back
  await settle()
  world.time.advance(10001)
  await settle()
  assert.notEqual(a.status.link, 'online')
  await world.pass(60000)
  assert.equal(a.status.link, 'online')
})
