// @ts-check
/**
 * Hostile devices against the real server. Each thing they say gets the error
 * or the reason that PROTOCOL.md names; the connection is closed where it says
 * so; after each of them another device's edit is acknowledged within a
 * second; nothing of a foreign bucket is ever in any byte that they are sent;
 * and the store is as it must be.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import { after, before, test } from 'node:test'
import zlib from 'node:zlib'
import { enrol } from '../src/index.js'
import { writeChange } from '../src/change.js'
import { errName } from '../src/err.js'
import { fromHex, namedId, newId, uuidToBytes } from '../src/id.js'
import { writeMessage } from '../src/message.js'
import { encode } from '../src/pack.js'
import { converse, dial, hasHeard, helloOf, post, postBytes } from './raw.js'
import {
  check,
  checkVersions,
  device,
  dump,
  makeTrust,
  removeTrust,
  startServer,
} from './server.js'

/** @typedef {import('../src/change.js').Edit} Edit */

const SCHOOL = namedId('porthenwyn') // Kerra is its SENDCo
const OTHER = namedId('trevannick') // and not of this one
const OWN = `school/${SCHOOL}`
const SERVED_MS = 1000
const GROWTH_MOST_KB = 32 * 1024
const MIB = 1 << 20
const HELD = 4

// The numbers of records.json, which are for ever.
const ACTION = 15
const PARENT = 1
const WHAT = 3
const WHO = 4
const DUE = 6
const ROUND = 8
const ORDER = 12
const VISIT = 8
const LEAD = 7
const FINDINGS = 15
const ROLE_ASSIGNMENT = 4

/** What a device without access must never be sent. */
const CANARY = 'canary-4b1d7f-of-a-foreign-bucket'

/** @type {import('./server.js').Trust} */
let trust
/** @type {import('./server.js').Server} */
let server
/** @type {import('../src/index.js').Tidemark} the one who must not notice */
let helen
/** @type {any} of Kerra's hostile devices, and of Helen's */
let kerra, helens
/** @type {string} */
let canary = ''
let url = ''
let checks = 0
/** All that Kerra's devices were sent. @type {Uint8Array[]} */
const heard = []

before(async () => {
  trust = makeTrust()
  server = await startServer(trust)
  url = server.url
  helen = await device(url, 'HELEN')
  await helen.sync({ timeout: 5000 })
  const ask = { url, label: 'x', platform: 'test' }
  kerra = await enrol({ ...ask, code: 'DEMO-KERRA' })
  helens = await enrol({ ...ask, code: 'DEMO-HELEN' })
  await helen.change((c) => {
    canary = c.create('visit', `oversight/${SCHOOL}`, {
      school: SCHOOL,
      date: '2026-11-24',
      lead: helen.person.id,
      state: 'draft',
      revision: 1,
      findings: CANARY,
    })
    c.create('action', `school/${OTHER}`, { what: CANARY })
  })
  await helen.sync({ timeout: 5000 })
})

after(async () => {
  await helen?.close()
  await server?.kill()
  if (trust) removeTrust(trust)
  console.log(`# ${checks} hostile things said`)
})

/** Another device's edit is acknowledged soon. */
async function stillServed() {
  checks++
  const from = Date.now()
  const seq = await helen.change((c) =>
    c.set(canary, 'with_roles', `edit ${checks}`),
  )
  while (helen.waiting().some((one) => one.seq <= seq)) {
    assert(Date.now() - from < SERVED_MS, 'another device was not served')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const newRecord = () => newId(Date.now())

/** @param {number | string} bucket @param {string} record
 * @param {readonly Edit[]} edits */
const changeOf = (bucket, record, ...edits) =>
  writeChange({ at: Date.now(), touches: [{ bucket, record, edits }] })

/** @param {number} type @returns {Edit} */
const create = (type) => ({ op: 'create', field: 0, seen: 0, value: type })

/** @param {number} field @param {any} value @param {number} [seen]
 * @returns {Edit} */
const set = (field, value, seen = 0) => ({ op: 'set', field, seen, value })

/** @param {number} field @param {any} value @param {number} [seen]
 * @returns {Edit} */
const text = (field, value, seen = 0) => ({ op: 'text', field, seen, value })

/** @param {import('../src/message.js').Outcome} outcome the names of the
 * reasons of what was held or, in part, refused */
const reasons = (outcome) =>
  outcome.exceptions.map(({ reason }) => errName(reason))

// ---- Bytes that are no message ----

/** @param {number} count */
const nested = (count) => Buffer.alloc(count, 0x91)

/** @type {readonly (readonly [string, Uint8Array, string | null])[]} null: it
 * is over what the transport lets through */
const NO_MESSAGES = [
  ['one byte', Buffer.of(0xc1), 'malformed'],
  ['no array', encode('hello'), 'malformed'],
  ['an empty array', Buffer.of(0x90), 'malformed'],
  ['a map', Buffer.of(0x81, 0x01, 0x01), 'malformed'],
  ['an extension', Buffer.of(0x92, 0x05, 0xd4, 0x01, 0x00), 'malformed'],
  ['a float32', Buffer.of(0x92, 0x05, 0xca, 0, 0, 0, 0), 'malformed'],
  ['NaN', Buffer.from('9205cb7ff8000000000000', 'hex'), 'malformed'],
  ['a long int', Buffer.of(0x92, 0x05, 0xcd, 0, 1), 'malformed'],
  ['no UTF-8', Buffer.of(0x92, 0x07, 0xa2, 0xc0, 0x80), 'malformed'],
  ['U+0000', Buffer.of(0x92, 0x07, 0xa1, 0x00), 'malformed'],
  ['bytes behind it', Buffer.of(0x92, 0x05, 0x00, 0x00), 'malformed'],
  [
    'cut off',
    writeMessage({ type: 'beat', waitMs: 999 }).subarray(0, 3),
    'malformed',
  ],
  ['an unknown code', encode([99]), 'malformed'],
  ['a code that is a text', encode(['beat']), 'malformed'],
  ['an array of 4 G', Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), 'malformed'],
  ['a text of 4 G', Buffer.of(0x92, 5, 0xdb, 255, 255, 255, 255), 'malformed'],
  [
    'more items than allowed',
    Buffer.concat([Buffer.of(0xdd, 0, 2, 0, 1), Buffer.alloc(131073)]),
    'too_big',
  ],
  ['nine deep', Buffer.concat([nested(9), Buffer.of(0x90)]), 'too_deep'],
  ['a million deep', nested(1000000), 'too_deep'],
  ['over 1 MiB', encode([5, new Uint8Array(MIB)]), null],
]

test('what is no message is refused by name, and the socket closed', async () => {
  for (const [what, bytes, name] of NO_MESSAGES) {
    for (const greeted of [false, true]) {
      const raw = greeted
        ? await converse(url, heard, kerra)
        : await dial(url, heard)
      raw.say(bytes)
      const got = await raw.refusal()
      assert.deepEqual(
        { name: got.name, closed: got.closed },
        { name, closed: true },
        `${what}, ${greeted ? 'greeted' : 'new'}`,
      )
      await stillServed()
    }
  }
})

// ---- Messages that are not expected ----

/** @param {any} elements */
const raw = (...elements) => encode(elements)

test('what is out of order is refused, and the socket closed', async () => {
  const change = changeOf(OWN, newRecord(), create(ACTION))
  const push = {
    type: /** @type {const} */ ('push'),
    first: 1,
    changes: [change],
  }
  const enrolment = writeMessage({
    type: 'enrol',
    code: 'DEMO-KERRA',
    label: 'x',
    platform: 'x',
  })
  const early = /** @type {const} */ ([
    ['PUSH', writeMessage(push)],
    ['PULL', writeMessage({ type: 'pull', cursors: [[1, 0]] })],
    [
      'HISTORY',
      writeMessage({ type: 'history', request: 1, bucket: 1, record: canary }),
    ],
    ['BEAT', writeMessage({ type: 'beat', waitMs: 0 })],
    ['the answer to HELLO', raw(16, 1)],
  ])
  for (const [what, bytes] of early) {
    const device = await dial(url, heard)
    device.say(bytes)
    const got = await device.refusal()
    assert.equal(got.name, 'order', `${what} before HELLO`)
    assert(got.closed, `${what} before HELLO`)
    await stillServed()
  }
  const late = /** @type {const} */ ([
    ['HELLO', writeMessage(helloOf(kerra))],
    ['ENROL', enrolment],
    ['an UPDATE', raw(17, 0, [], [])],
  ])
  for (const [what, bytes] of late) {
    const device = await converse(url, heard, kerra)
    device.say(bytes)
    const got = await device.refusal()
    assert.equal(got.name, 'order', `${what} after HELLO`)
    assert(got.closed, `${what} after HELLO`)
    await stillServed()
  }
})

test('a message over a limit is too_big, one of other form malformed', async () => {
  const long = 'x'.repeat(201)
  const id = uuidToBytes(canary)
  const many = Array.from({ length: 1001 }, () => Buffer.of(0))
  const cases = /** @type {const} */ ([
    ['1,001 changes', raw(2, 1, many), 'too_big'],
    [
      'a change over 512 KiB',
      raw(2, 1, [new Uint8Array(512 * 1024 + 1)]),
      'too_big',
    ],
    ['an app version of 201 bytes', raw(6, [0, 0, null, long]), 'too_big'],
    ['no changes', raw(2, 1, []), 'malformed'],
    ['seq 0', raw(2, 0, [Buffer.of(0)]), 'malformed'],
    ['seq -1', raw(2, -1, [Buffer.of(0)]), 'malformed'],
    ['a change that is a text', raw(2, 1, ['x']), 'malformed'],
    ['half a cursor', raw(3, [1]), 'malformed'],
    ['bucket 0', raw(3, [0, 0]), 'malformed'],
    ['an id of 15 bytes', raw(4, 1, 1, id.subarray(1)), 'malformed'],
    ['an id of zeros', raw(4, 1, 1, new Uint8Array(16)), 'malformed'],
    ['a report that is none', raw(6, [1, 2, 3, 4]), 'malformed'],
    ['a ZIP of nothing', raw(8, 10, new Uint8Array(0)), 'malformed'],
    ['a ZIP over the limit', raw(8, MIB + 1, Buffer.of(1)), 'too_big'],
  ])
  for (const [what, bytes, name] of cases) {
    const device = await converse(url, heard, kerra)
    device.say(bytes)
    const got = await device.refusal()
    assert.equal(got.name, name, what)
    assert(got.closed, what)
    await stillServed()
  }
  const device = await dial(url, heard)
  device.say(raw(7, 'DEMO-KERRA', long, 'x'))
  assert.equal((await device.refusal()).name, 'too_big', 'a label')
})

test('a zip bomb does not go off', async () => {
  const grown = () => {
    const status = fs.readFileSync(`/proc/${server.pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
  }
  const zeros = zlib.deflateSync(Buffer.alloc(256 * MIB))
  const inner = writeMessage({ type: 'beat', waitMs: 0 })
  const once = raw(8, inner.length, zlib.deflateSync(inner))
  const twice = raw(8, once.length, zlib.deflateSync(once))
  const before = grown()
  const cases = /** @type {const} */ ([
    ['256 MiB, said to be 1 MiB', raw(8, MIB, zeros), 'malformed'],
    ['256 MiB, said to be 10 bytes', raw(8, 10, zeros), 'malformed'],
    ['a ZIP in a ZIP', twice, 'malformed'],
    ['shorter than it says', raw(8, 100, zlib.deflateSync(inner)), 'malformed'],
    ['damaged', raw(8, 100, zeros.subarray(5, 50)), 'malformed'],
  ])
  for (const [what, bytes, name] of cases) {
    const device = await converse(url, heard, kerra)
    const from = Date.now()
    device.say(bytes)
    const got = await device.refusal()
    assert.equal(got.name, name, what)
    assert(got.closed, what)
    assert(Date.now() - from < SERVED_MS, what)
    await stillServed()
  }
  assert(grown() - before < GROWTH_MOST_KB, `${grown() - before} KiB more`)
  const device = await converse(url, heard, kerra)
  device.say(once)
  assert.equal((await device.nextOf('beaten')).type, 'beaten', 'a good one')
  device.close()
})

// ---- Who are you? ----

test('a device is only who its token says', async () => {
  const flipped = fromHex(kerra.token)
  flipped[31] ^= 1
  const cases = /** @type {const} */ ([
    ["Helen's device, Kerra's token", { ...kerra, device: helens.device }, {}],
    ["Kerra's device, Helen's token", { ...kerra, token: helens.token }, {}],
    ['an unknown device', { ...kerra, device: newRecord() }, {}],
    ['one bit of the token', kerra, { token: flipped }],
    ['a token of zeros', kerra, { token: new Uint8Array(32) }],
  ])
  for (const [what, identity, other] of cases) {
    const device = await dial(url, heard)
    device.say(helloOf(identity, other))
    const got = await device.refusal()
    assert.equal(got.name, 'unknown_device', what)
    assert(got.closed, what)
    const [answer] = await post(url, heard, helloOf(identity, other))
    assert.equal(answer.name, 'unknown_device', `${what}, by POST`)
    await stillServed()
  }
  const device = await dial(url, heard)
  device.say(helloOf(kerra, { protocol: 2 }))
  const got = await device.refusal()
  assert.deepEqual(got, { name: 'protocol', detail: 1, closed: true })
  for (const code of ['', 'DEMO-NOBODY', "' OR 1=1 --", 'x'.repeat(200)]) {
    const ask = { url, code, label: 'x', platform: 'x' }
    await assert.rejects(enrol(ask), { name: 'bad_code' })
    await stillServed()
  }
})

// ---- Changes that may not be made ----

test('a change that may not be made is held, with its reason', async () => {
  const device = await converse(url, heard, kerra)
  const helensOwn = await converse(url, [], helens)
  const own = device.bucket(OWN)
  const oversight = helensOwn.bucket(`oversight/${SCHOOL}`)
  const other = helensOwn.bucket(`school/${OTHER}`)
  const common = device.bucket('common')
  const admin = device.welcome.scope.length + 1000
  assert(own && oversight && other && common, 'the buckets are there')
  assert.equal(device.bucket(`oversight/${SCHOOL}`), undefined)

  const mine = newRecord()
  const made = await device.push(
    changeOf(
      own,
      mine,
      create(ACTION),
      set(PARENT, uuidToBytes(SCHOOL)),
      text(WHAT, ['Plain work.']),
      set(DUE, '2026-11-24'),
    ),
  )
  assert.deepEqual(made.exceptions, [], 'what may be made is made')
  const { version } = made

  /** @type {readonly (readonly [string, Uint8Array, string])[]} */
  const cases = [
    [
      'a visit note into oversight, by name',
      changeOf(`oversight/${SCHOOL}`, newRecord(), create(VISIT)),
      'denied',
    ],
    ['… by number', changeOf(oversight, newRecord(), create(VISIT)), 'denied'],
    [
      'an action into oversight',
      changeOf(oversight, newRecord(), create(ACTION)),
      'denied',
    ],
    [
      'an action into another school',
      changeOf(`school/${OTHER}`, newRecord(), create(ACTION)),
      'denied',
    ],
    ['… by number', changeOf(other, newRecord(), create(ACTION)), 'denied'],
    [
      'a visit note into her own school',
      changeOf(own, newRecord(), create(VISIT)),
      'denied',
    ],
    [
      'a foreign record, where it lives',
      changeOf(oversight, canary, text(FINDINGS, ['mine'])),
      'denied',
    ],
    [
      'a foreign record, as if it were here',
      changeOf(own, canary, text(FINDINGS, ['mine'])),
      'unknown_record',
    ],
    [
      'the id of a foreign record for a new one',
      changeOf(own, canary, create(ACTION)),
      'exists',
    ],
    [
      'her own record as another type',
      changeOf(own, mine, create(14)),
      'exists',
    ],
    [
      'a role for herself',
      changeOf(
        'admin',
        newRecord(),
        create(ROLE_ASSIGNMENT),
        set(2, 'central_admin'),
      ),
      'denied',
    ],
    [
      'the school itself',
      changeOf(common, SCHOOL, set(1, 'Mine', version)),
      'denied',
    ],
    [
      'deleting what only the centre may',
      changeOf(own, mine, {
        op: 'delete',
        field: 0,
        seen: version,
        value: null,
      }),
      'denied',
    ],
    ['no such type', changeOf(own, newRecord(), create(999)), 'unknown_type'],
    ['no such field', changeOf(own, mine, set(99, 'x')), 'unknown_field'],
    [
      'no such record',
      changeOf(own, newRecord(), set(DUE, '2026-11-24')),
      'unknown_record',
    ],
    ['no such bucket', changeOf(admin, mine, set(DUE, null)), 'unknown_bucket'],
    [
      'a bucket of no kind',
      changeOf('elsewhere/x', newRecord(), create(ACTION)),
      'denied',
    ],
    ['no such day', changeOf(own, mine, set(DUE, '2026-02-30')), 'bad_value'],
    [
      'a number that is a text',
      changeOf(own, mine, set(ROUND, 'one')),
      'bad_value',
    ],
    ['an id that is a text', changeOf(own, mine, set(WHO, mine)), 'bad_value'],
    [
      'a string over its limit',
      changeOf(own, mine, set(ORDER, 'x'.repeat(17))),
      'bad_value',
    ],
    [
      'a text over the limit of all texts',
      changeOf(
        own,
        newRecord(),
        create(ACTION),
        text(WHAT, ['x'.repeat(100001)]),
      ),
      'bad_delta',
    ],
    [
      'a delta beyond the text',
      changeOf(own, mine, text(WHAT, [500, 'x'], version - 1)),
      'bad_delta',
    ],
    [
      'a delta that is not canonical',
      changeOf(own, mine, text(WHAT, ['a', 'b'], version - 1)),
      'bad_delta',
    ],
    [
      'seen: a version to come',
      changeOf(own, mine, text(WHAT, ['x'], version + 100000)),
      'bad_seen',
    ],
    [
      'a set of a date',
      changeOf(own, mine, {
        op: 'add',
        field: DUE,
        seen: version,
        value: ['x'],
      }),
      'bad_op',
    ],
    ['no change at all', Buffer.alloc(0), 'unreadable'],
    ['bytes', Buffer.of(0xff, 0x00), 'unreadable'],
    ['a change without touches', raw(1, []), 'unreadable'],
    [
      '65 touches',
      raw(1, Array(65).fill([own, uuidToBytes(mine), [[1, DUE, 0, null]]])),
      'unreadable',
    ],
    [
      '513 edits',
      raw(1, [[own, uuidToBytes(mine), Array(513).fill([1, DUE, 0, null])]]),
      'unreadable',
    ],
    [
      'an op to come',
      raw(1, [[own, uuidToBytes(mine), [[7, DUE, 0, null]]]]),
      'unreadable',
    ],
    [
      'a bucket by name without a create',
      raw(1, [[OWN, uuidToBytes(mine), [[1, DUE, 0, null]]]]),
      'unreadable',
    ],
  ]
  for (const [what, change, reason] of cases) {
    const outcome = await device.push(change)
    assert.deepEqual(reasons(outcome), [reason], what)
    const [{ index, outcome: kind }] = outcome.exceptions
    assert.deepEqual({ index, kind }, { index: -1, kind: HELD }, what)
    await stillServed()
  }
  assert(!device.isClosed(), 'holding is not closing')

  const again = await device.push(
    changeOf(own, mine, set(PARENT, uuidToBytes(OTHER), version - 2)),
  )
  assert.deepEqual(reasons(again), ['once'], 'written once')
  const both = writeChange({
    at: Date.now(),
    touches: [
      { bucket: own, record: mine, edits: [set(DUE, '2030-01-01', version)] },
      { bucket: oversight, record: canary, edits: [set(LEAD, null)] },
    ],
  })
  const outcome = await device.push(both)
  assert.deepEqual(reasons(outcome), ['denied'], 'a good edit beside a bad one')
  device.close()
  helensOwn.close()
  await helen.sync({ timeout: 5000 })
  assert.equal(helen.get(mine)?.fields.due, '2026-11-24', 'all or none')
  assert.equal(helen.get(canary)?.fields.findings, CANARY)
})

// ---- Numbers ----

test('gaps are named, repeats acknowledged once, clones sent away', async () => {
  const incarnation = Date.now()
  const device = await converse(url, heard, kerra, { incarnation })
  const record = newRecord()
  const own = device.bucket(OWN)
  const one = changeOf(own, record, create(ACTION), text(WHAT, ['Once.']))
  const two = changeOf(own, newRecord(), create(ACTION))
  device.say({ type: 'push', first: 5, changes: [one] })
  const gap = await device.refusal()
  assert.deepEqual(gap, { name: 'gap', detail: 1, closed: false })
  await stillServed()

  assert.deepEqual((await device.push(one)).exceptions, [])
  for (let n = 0; n < 3; n++) {
    device.say({ type: 'push', first: 1, changes: [one] })
    const { outcomes } = await device.nextOf('update')
    assert.deepEqual(outcomes[0].exceptions, [], 'a repeat')
    assert.equal(outcomes[0].last, 1)
    await stillServed()
  }
  device.say({ type: 'push', first: 1, changes: [one, two] })
  const { outcomes } = await device.nextOf('update')
  assert.equal(outcomes[0].last, 2, 'a repeat with something new behind it')
  device.say(raw(2, 2 ** 53 - 1, [one]))
  assert.equal((await device.refusal()).name, 'gap')

  const clone = await dial(url, heard)
  const chain = new Uint8Array(8).fill(7)
  clone.say(helloOf(kerra, { incarnation, acked: 2, chain }))
  const got = await clone.refusal()
  assert.deepEqual(got, { name: 'cloned', detail: 0, closed: true })
  await stillServed()
  device.close()

  await helen.sync({ timeout: 5000 })
  assert.equal(helen.get(record)?.fields.what, 'Once.')
})

// ---- Reading what is not theirs ----

test('what is foreign is neither pulled nor told', async () => {
  const helensOwn = await converse(url, [], helens)
  const foreign = helensOwn.welcome.scope
    .map((/** @type {any} */ one) => one.bucket)
    .concat([9999, 2 ** 32 - 1])
  helensOwn.close()
  const cursors = foreign.map((/** @type {number} */ no) => [no, 0])
  const device = await converse(url, heard, kerra, { cursors })
  const mine = new Set(
    device.welcome.scope.map((/** @type {any} */ s) => s.bucket),
  )
  device.say({ type: 'pull', cursors })
  for (;;) {
    const message = await device.next()
    if (message.type === 'checkpoint') {
      for (const { bucket } of message.sums) assert(mine.has(bucket))
      break
    }
    for (const { bucket } of message.segments) assert(mine.has(bucket))
  }
  await stillServed()
  for (const bucket of foreign) {
    if (mine.has(bucket)) continue
    device.say({ type: 'history', request: 1, bucket, record: canary })
    const got = await device.refusal()
    assert.equal(got.name, 'unknown_bucket')
    assert(!got.closed, 'stays open')
  }
  for (const bucket of mine) {
    device.say({ type: 'history', request: 2, bucket, record: canary })
    const answer = await device.next()
    if (answer.type === 'error') assert.equal(answer.name, 'unknown_record')
    else assert.deepEqual(answer.entries, [], 'not by another bucket')
  }
  await stillServed()

  // While both are connected, Helen goes on writing what is not Kerra's.
  await helen.change((c) => c.text(canary, 'findings', `${CANARY} again`))
  await helen.sync({ timeout: 5000 })
  device.say({ type: 'beat', waitMs: 0 })
  await device.nextOf('beaten')
  const posted = await post(url, heard, helloOf(kerra, { cursors }))
  assert.equal(posted.at(-1).type, 'checkpoint')
  device.close()
})

// ---- POST, and no HTTP at all ----

test('a POST is held to the same', async () => {
  const change = changeOf(OWN, newRecord(), create(ACTION))
  const push = {
    type: /** @type {const} */ ('push'),
    first: 1,
    changes: [change],
  }
  const hello = helloOf(kerra)
  const head = writeMessage(hello)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  const whole = Buffer.concat([length, head])
  const cases = /** @type {const} */ ([
    ['nothing', Buffer.alloc(0), 'order'],
    ['three bytes', Buffer.alloc(3), 'malformed'],
    ['a length of 0', Buffer.alloc(4), 'malformed'],
    ['a length of 4 G', Buffer.alloc(8, 0xff), 'too_big'],
    ['cut off', whole.subarray(0, 40), 'malformed'],
    ['bytes behind it', Buffer.concat([whole, Buffer.of(1)]), 'malformed'],
  ])
  for (const [what, body, name] of cases) {
    const answers = await postBytes(url, heard, body)
    const last = answers.at(-1)
    assert.equal(last.name ?? last, name, what)
    await stillServed()
  }
  const [early] = await post(url, heard, push)
  assert.equal(early.name, 'order', 'PUSH before HELLO')
  const second = await post(url, heard, hello, hello)
  assert.equal(second.at(-1).name, 'order', 'a second HELLO')
  const gap = await post(url, heard, helloOf(kerra, { incarnation: 77 }), {
    ...push,
    first: 9,
  })
  assert(
    gap.some(({ name }) => name === 'gap'),
    'a gap',
  )
  assert(
    gap.some(({ type }) => type === 'checkpoint'),
    'and the answer goes on',
  )
  const [status] = await postBytes(url, heard, Buffer.alloc(4 * MIB))
  assert.equal(status, 413)
  await stillServed()
})

test('what is no HTTP does not disturb', async () => {
  const sockets = []
  for (const bytes of [
    '\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: ' + 'x'.repeat(100000),
    'POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\nhalf',
    'GET /sync HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    Buffer.from('16030100ff', 'hex'),
    Buffer.alloc(65536, 0xff),
  ]) {
    const socket = net.connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('data', (data) => heard.push(data))
    socket.write(bytes)
    sockets.push(socket)
    await stillServed()
  }
  for (const socket of sockets) socket.destroy()
})

// ---- In the end ----

test('nothing foreign was ever sent, and the store is as it must be', async () => {
  /** @type {Uint8Array[]} */
  const helens1 = []
  const device = await converse(url, helens1, helens)
  device.close()
  assert(hasHeard(helens1, CANARY), 'one with access is sent it')
  assert(heard.length > 100)
  assert(!hasHeard(heard, CANARY), 'one without access never is')
  assert(!server.log().includes(CANARY), 'nor is it in the log')
  assert.equal(helen.status.road, 'websocket')
  await helen.close()
  assert.equal(await server.stop(), 0, server.log())
  check(trust)
  const lines = dump(trust)
  checkVersions(lines)
  const held = lines.filter((line) => line.in === 'held')
  assert(held.length > 30, 'what was refused is kept')
})
