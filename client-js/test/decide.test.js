// @ts-nocheck: it drives the stories' world, which is plain JSON
/**
 * Deciding, as an app does it: what the library says of conflicts, late
 * changes, notices and signatures, and what its acts make of them. What the
 * server makes of it is for the stories (stories.test.js).
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { textAt, textChanges, valueAt } from '../src/index.js'
import { closeWorld, openWorld, syncDevice } from '../tools/story-play.mjs'

const BUCKET = 'oversight/porthenwyn'
const STORY = {
  devices: { jory: 'jory', tamsin: 'tamsin', helen: 'helen' },
  start: {
    v: {
      type: 'visit',
      bucket: BUCKET,
      fields: {
        state: 'draft',
        revision: 1,
        lead: 'jory',
        date: '2026-01-14',
        school: 'porthenwyn',
        purpose: 'Review reading.',
        findings: 'Daily reading is strong.',
        next_steps: 'Weekly card.',
      },
    },
    e: { type: 'evidence', bucket: BUCKET, fields: { parent: 'v' } },
    a: {
      type: 'action',
      bucket: 'school/porthenwyn',
      fields: { parent: 'v', what: 'Meet families', status: 'complete' },
    },
  },
  steps: [{ at: '2026-01-20T10:00', device: 'jory', do: 'sync' }],
}

let world
let id
let jory
let tamsin

before(async () => {
  world = await openWorld(STORY)
  id = world.names.idOf('v')
  jory = world.devices.jory.tm
  tamsin = world.devices.tamsin.tm
})
after(() => closeWorld(world))

const sync = async (...names) => {
  for (const name of names) {
    world.now += 60000
    await syncDevice(world, world.devices[name])
  }
}

const refuses = (work, name) =>
  assert.rejects(work, (error) => error.name === name)

test('a conflict says who said what, until it is decided', async () => {
  const looks = []
  const stop = jory.live(
    (tm) => tm.conflicts(id).length,
    (count) => looks.push(count),
  )
  await tamsin.change((c) => c.set(id, 'date', '2026-01-15'))
  await jory.change((c) => c.set(id, 'date', '2026-01-16'))
  await sync('tamsin', 'jory')
  const [conflict] = jory.conflicts(id)
  assert.equal(jory.conflicts().length, 1)
  assert.equal(conflict.record, id)
  assert.equal(conflict.field, 'date')
  assert.equal(conflict.resolver, 'lead')
  assert.equal(conflict.answered, false)
  assert.deepEqual(
    conflict.values.map(({ by, values }) => [by, values.date]),
    [
      [tamsin.person.id, '2026-01-15'],
      [jory.person.id, '2026-01-16'],
    ],
  )
  assert.equal(jory.statusOf(id), 'needs_decision')
  assert.equal(jory.get(id).meta.date.conflict, true)
  assert.equal(jory.get(id).meta.findings.conflict, false)

  await refuses(
    jory.change((c) => c.decide(conflict.id, {})),
    'bad_value',
  )
  await refuses(
    jory.change((c) => c.decide(conflict.id, { findings: 'x' })),
    'unknown_field',
  )
  await jory.change((c) => c.decide(conflict.id, { date: '2026-01-16' }))
  assert.equal(jory.conflicts(id)[0].answered, true)
  assert.equal(jory.statusOf(id), 'on_this_tablet')
  await sync('jory', 'tamsin')
  for (const tm of [jory, tamsin]) {
    assert.deepEqual(tm.conflicts(), [])
    assert.equal(tm.get(id).meta.date.conflict, false)
    assert.equal(tm.get(id).fields.date, '2026-01-16')
    assert.equal(tm.statusOf(id), 'sent')
  }
  stop()
  assert.deepEqual([looks[0], Math.max(...looks), looks.at(-1)], [0, 1, 0])
})

test('a text as it was, what changed, and back again', async () => {
  const was = jory.get(id)
  const { version } = was.meta.findings
  await jory.change((c) =>
    c.text(id, 'findings', 'Daily reading is very strong.'),
  )
  await sync('jory')
  jory.resume()
  await jory.sync({ timeout: 10000 })
  const entries = await jory.history(id)
  jory.pause()
  assert.equal(textAt(entries, 'findings', version), was.fields.findings)
  assert.equal(
    textAt(entries, 'findings', version + 10000),
    'Daily reading is very strong.',
  )
  assert.equal(textAt(entries, 'support', version), '')
  assert.equal(valueAt(entries, 'date', version), '2026-01-14')
  assert.equal(valueAt(entries, 'date', 1), undefined)
  const parts = textChanges('Plans are clear.', 'Plans were clear. Good.')
  const without = (kind) =>
    parts
      .filter((part) => part.kind !== kind)
      .map((part) => part.text)
      .join('')
  assert.equal(without('new'), 'Plans are clear.')
  assert.equal(without('gone'), 'Plans were clear. Good.')

  const first = entries.filter((e) => e.field === 'findings').at(-1)
  await jory.change((c) => c.bringBack(id, first))
  assert.equal(jory.get(id).fields.findings, was.fields.findings)
  await sync('jory', 'tamsin')
  assert.equal(tamsin.get(id).fields.findings, was.fields.findings)
})

test('a signature covers what its signer saw, and is given again', async () => {
  await tamsin.change((c) =>
    c.text(id, 'next_steps', 'Weekly card. Meet families.'),
  )
  await sync('tamsin')
  let one
  await jory.change((c) => {
    one = c.sign(id, { words: 'I have read it.', asRole: 'hub_lead' })
  })
  const [pending] = jory.signoffs(id)
  assert.equal(pending.outcome, undefined)
  assert.equal(pending.words, 'I have read it.')
  assert.equal(pending.asRole, 'hub_lead')
  assert.equal(jory.statusOf(id), 'on_this_tablet')
  await sync('jory')
  const [again] = jory.signoffs(id)
  assert.equal(again.outcome, 'sign_again')
  assert.deepEqual(
    again.differs.map(({ record, field }) => [record, field]),
    [[id, 'next_steps']],
  )
  assert.equal(jory.statusOf(id), 'needs_decision')
  const [notice] = jory.notices(id)
  assert.equal(notice.kind, 'sign_again')
  assert.deepEqual(notice.people, [jory.person.id])
  await jory.change((c) => c.delete(notice.id))
  assert.deepEqual(jory.notices(id), [])

  let two
  world.now += 60000
  await jory.change((c) => {
    two = c.sign(id)
  })
  assert.notEqual(one, two)
  const prints = [one, two].map((s) => jory.get(s).fields.content_hash)
  assert.match(prints[0], /^[0-9a-f]{64}$/)
  assert.notEqual(prints[0], prints[1])
  await sync('jory')
  assert.equal(jory.signoffs(id)[0].outcome, 'signed')
  assert.equal(jory.statusOf(id), 'shared')
})

test('a late change waits for the signer, and is settled once', async () => {
  await tamsin.change((c) => c.set(id, 'kind', 'support'))
  await sync('tamsin', 'jory')
  assert.equal(tamsin.statusOf(id), 'held')
  assert.equal(tamsin.held().length, 1)
  const [late] = jory.amendments(id)
  assert.equal(late.by, tamsin.person.id)
  assert.equal(late.whyHeld, 'after sign-off')
  assert.deepEqual(late.change, [
    { record: id, op: 'set', field: 'kind', value: 'support' },
  ])
  await jory.change((c) => c.settle(late.id, 'decline', 'Next time.'))
  assert.deepEqual(jory.amendments(id), [])
  await refuses(
    jory.change((c) => c.settle(late.id, 'accept')),
    'once',
  )
  await sync('jory', 'tamsin')
  assert.deepEqual(tamsin.held(), [])
  assert.equal(tamsin.statusOf(id), 'shared')
})

test('a record is opened again with a reason', async () => {
  await refuses(
    jory.change((c) => c.reopen(id, '')),
    'bad_value',
  )
  await jory.change((c) => c.reopen(id, 'The date was wrong.'))
  assert.equal(jory.get(id).fields.state, 'draft')
  assert.equal(jory.get(id).fields.revision, 2)
  await sync('jory', 'tamsin')
  assert.equal(tamsin.get(id).fields.revision, 2)
  assert.equal(tamsin.statusOf(id), 'sent')
  const [why] = tamsin.list('response', (r) => r.fields.parent === id)
  assert.equal(why.fields.text, 'The date was wrong.')
  const action = world.names.idOf('a')
  await tamsin.change((c) => c.reopen(action, 'Not yet.', 'in_progress'))
  await sync('tamsin')
  assert.equal(tamsin.get(action).fields.status, 'in_progress')
  assert.equal(tamsin.get(action).fields.round, 1)
})

test('what cannot be done is said', async () => {
  const evidence = world.names.idOf('e')
  const nobody = tamsin.newId()
  for (const [act, name] of [
    [(c) => c.sign(evidence), 'bad_op'],
    [(c) => c.share(evidence), 'bad_op'],
    [(c) => c.reopen(evidence, 'why'), 'bad_op'],
    [(c) => c.sign(nobody), 'unknown_record'],
    [(c) => c.decide(id, { date: '2026-01-16' }), 'unknown_record'],
    [(c) => c.settle(id, 'accept'), 'unknown_record'],
    [(c) => c.join(id, id), 'bad_value'],
    [(c) => c.join(id, evidence), 'unknown_record'],
  ]) {
    await refuses(tamsin.change(act), name)
  }
  assert.equal(tamsin.status.pending, 0)
})
