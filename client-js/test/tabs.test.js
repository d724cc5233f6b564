// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld, settle } from './world.js'

const SCHOOL = 'school/s01'
const WRITER = { [SCHOOL]: ['writer'] }
const ANN = '00000000-0000-7000-8000-000000000001'

/** Web Locks and BroadcastChannel, as far as tabs.js needs them. */
function room({ deaf = false } = {}) {
  /** @type {{ handlers: any, isOpen: boolean }[]} */
  const members = []
  const elect = () => {
    const first = members.find((member) => member.isOpen)
    if (first) queueMicrotask(() => first.isOpen && first.handlers.lead())
  }
  return (/** @type {string} */ _name, /** @type {any} */ handlers) => {
    const self = { handlers, isOpen: true }
    members.push(self)
    if (members.filter((member) => member.isOpen).length === 1) elect()
    return {
      tell: (/** @type {any} */ message) => {
        const copy = structuredClone(message)
        if (deaf && message.news) return // the news gets lost
        for (const member of members) {
          if (member === self || !member.isOpen) continue
          queueMicrotask(() => member.isOpen && member.handlers.heard(copy))
        }
      },
      close: () => {
        self.isOpen = false
        elect()
      },
    }
  }
}

/** @param {{ deaf?: boolean }} [options] */
async function twoTabs(options) {
  const world = createWorld({ seed: 3 })
  const tabs = room(options)
  const first = await world.device(world.server.enrol(ANN, WRITER), { tabs })
  const second = await first.start({ tabs })
  await world.flow()
  return { world, one: first.tm, two: second }
}

/** @param {any} tm @param {Record<string, any>} fields @returns {Promise<string>} */
async function create(tm, fields) {
  let id = ''
  await tm.change((/** @type {any} */ c) => {
    id = c.create('note', SCHOOL, fields)
  })
  return id
}

test('any tab writes, the leader sends, both show it', async () => {
  const { world, one, two } = await twoTabs()
  assert.equal(world.server.peers.size, 1)
  const id = await create(two, { title: 'From the second' })
  await settle()
  assert.equal(one.get(id).fields.title, 'From the second')
  await world.flow()
  assert.equal(one.status.pending, 0)
  assert.equal(two.status.pending, 0)
  assert.equal(two.get(id).pending, false)
  assert.equal(two.status.link, 'online')
  assert.equal(two.status.upToDate, true)
  const other = await create(one, { title: 'From the first' })
  await world.flow()
  assert.equal(two.get(other).fields.title, 'From the first')
})

for (const deaf of [false, true]) {
  const how = deaf ? 'when the news between tabs is lost' : 'at one time'
  test(`both tabs write ${how}: nothing is lost`, async () => {
    const { world, one, two } = await twoTabs({ deaf })
    const id = await create(one, { body: 'start' })
    await world.flow()
    await two.change((/** @type {any} */ c) => c.create('note', SCHOOL, {}))
    const done = []
    for (let n = 0; n < 10; n++) {
      const tm = n % 2 ? one : two
      const field = n % 2 ? 'title' : 'day'
      const value = n % 2 ? `t${n}` : `2025-01-0${n + 1}`
      done.push(tm.change((/** @type {any} */ c) => c.set(id, field, value)))
      if (n % 3 === 0) await settle()
    }
    await Promise.all(done)
    await world.pass(3000)
    assert.equal(one.status.pending, 0)
    const [{ 1: title, 7: day }] = Object.values(world.server.dump(SCHOOL))
    assert.equal(title, 't9')
    assert.equal(day, '2025-01-09')
    assert.equal(one.get(id).fields.title, 't9')
    assert.equal(one.get(id).fields.day, '2025-01-09')
  })
}

test('typing in the second tab never changes what the first has sent', async () => {
  const { world, one, two } = await twoTabs()
  const id = await create(one, { body: 'one' })
  await world.flow()
  await two.change((/** @type {any} */ c) => c.text(id, 'body', 'one two'))
  await two.change((/** @type {any} */ c) =>
    c.text(id, 'body', 'one two three'),
  )
  await settle()
  await two.change((/** @type {any} */ c) =>
    c.text(id, 'body', 'one two three four'),
  )
  await world.flow()
  assert.equal(one.get(id).fields.body, 'one two three four')
  assert.equal(two.get(id).fields.body, 'one two three four')
  assert.equal(world.server.dump(SCHOOL)[id][2], 'one two three four')
})

test('when the leader closes, another tab goes on', async () => {
  const { world, one, two } = await twoTabs()
  const id = await create(two, { title: 'Unsent' })
  await one.close()
  await world.pass(1000)
  assert.equal(two.status.link, 'online')
  assert.equal(two.status.pending, 0)
  assert.equal(world.server.dump(SCHOOL)[id][1], 'Unsent')
})

test('a tab that does not lead asks the one that does', async () => {
  const { world, one, two } = await twoTabs()
  const id = await create(one, { title: 'T' })
  await world.flow()
  const history = two.history(id)
  const synced = two.sync()
  await world.flow()
  assert.deepEqual(await history, [])
  await synced
})
