import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { deflateSync } from 'node:zlib'

import { readChange, writeChange } from '../src/change.js'
import { chainAfter, hash32, hash64, sumAdd, sumSub } from '../src/hash.js'
import {
  bytesToUuid,
  fromHex,
  isId,
  naturalId,
  namedId,
  newId,
  toHex,
  uuidToBytes,
} from '../src/id.js'
import {
  openMessage,
  readFrames,
  readMessage,
  writeFrames,
  writeMessage,
  zipMessage,
} from '../src/message.js'
import { decode, decodeRun, encode } from '../src/pack.js'
import { plainBody, readSegment, writeGroup } from '../src/segment.js'
import { sha256 } from '../src/sha256.js'
import { inflate } from '../src/zip.js'

const root = new URL('../../', import.meta.url)
const file = (path) => readFileSync(new URL(path, root), 'utf8')
const vectors = (name) =>
  file(`tests/vectors/${name}.jsonl`).trim().split('\n').map(JSON.parse)

/** Bytes stand in the vectors as {hex}. */
function plain(v) {
  if (v instanceof Uint8Array) return { hex: toHex(v) }
  if (Array.isArray(v)) return v.map(plain)
  if (v === null || typeof v !== 'object') return v
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]))
}

const lines = vectors('message')
const messages = lines.filter((v) => v.hex !== undefined)
const changes = lines.filter((v) => v.change !== undefined)
const segments = lines.filter((v) => v.segment !== undefined)

/** Ids in values are bytes on the way in: see value in wire.js. */
const asWritten = (v) =>
  isId(v) ? uuidToBytes(v) : Array.isArray(v) ? v.map(asWritten) : v

function writeAgain(message) {
  if (message.type !== 'entries') return writeMessage(message)
  const entries = message.entries.map((e) => ({
    ...e,
    value: asWritten(e.value),
  }))
  return writeMessage({ ...message, entries })
}

// `server`: only the server must refuse it. (Node's own inflate passes over
// bytes after the stream; browsers do not.)
for (const { name, hex, message, error, grown } of messages.filter(
  (v) => !v.server,
))
  test(`message: ${name}`, async () => {
    const open = async () => openMessage(fromHex(hex))
    if (error) return assert.rejects(open, { name: error })
    const read = await open()
    assert.deepEqual(plain(read), message)
    if (!grown) assert.equal(toHex(writeAgain(read)), hex)
  })

for (const { name, change, value, error } of changes)
  test(`change: ${name}`, () => {
    const bytes = fromHex(change)
    if (error) return assert.throws(() => readChange(bytes))
    const read = readChange(bytes)
    assert.deepEqual(plain(read), value)
    const touches = read.touches.map((t) => ({
      ...t,
      edits: t.edits.map((e) => ({ ...e, value: asWritten(e.value) })),
    }))
    assert.equal(toHex(writeChange({ ...read, touches })), change)
  })

for (const { name, segment, value, error } of segments)
  test(`segment: ${name}`, () => {
    const bytes = fromHex(segment)
    if (error) return assert.throws(() => readSegment(bytes), { name: error })
    const read = readSegment(bytes)
    assert.deepEqual(plain(read), value)
    const again = read.map((g) =>
      toHex(
        writeGroup({
          ...g,
          rows: g.rows.map((r) => ({ ...r, value: asWritten(r.value) })),
        }),
      ),
    )
    assert.equal(again.join(''), segment)
  })

const hashing = {
  hash32: (v) =>
    assert.equal(hash32(fromHex(v.hex), Number(v.seed)), Number(v.value)),
  hash64: (v) =>
    assert.deepEqual(hash64(fromHex(v.hex)), {
      low: Number(v.low),
      high: Number(v.high),
    }),
  chain(v) {
    const all = v.changes.split(',').filter(Boolean).map(fromHex)
    const chain = all.reduce(chainAfter, new Uint8Array(8))
    assert.equal(toHex(chain), v.chain)
  },
  sum(v) {
    const rows = v.rows.split(',').filter(Boolean)
    let sum = { low: 0, high: 0 }
    let off = sum
    for (const [record, field, version] of rows.map((r) => r.split(' '))) {
      sum = sumAdd(sum, record, Number(field), Number(version))
      off = sumSub(off, record, Number(field), Number(version))
    }
    assert.deepEqual(sum, { low: Number(v.low), high: Number(v.high) })
    assert.equal((sum.low + off.low) >>> 0, 0)
  },
  natural: (v) =>
    assert.equal(naturalId(v.type, v.parts.split(',').filter(Boolean)), v.id),
  new: (v) => assert.equal(newId(Number(v.now), fromHex(v.random)), v.id),
}

test('hashes and ids are as the vectors say', () => {
  const all = vectors('hash')
  assert.ok(all.length > 20)
  for (const v of all) hashing[v.kind](v)
})

test('sha256 agrees with the system at every length of a block', () => {
  for (let n = 0; n < 200; n++) {
    const bytes = Uint8Array.from({ length: n }, (_, i) => i * 7 + n)
    const wanted = createHash('sha256').update(bytes).digest('hex')
    assert.equal(toHex(sha256(bytes)), wanted)
  }
})

test('ids are unlike, and sorted by the time of making', () => {
  const a = newId(1_000_000_000_000)
  const b = newId(1_000_000_000_001)
  assert.ok(a < b)
  assert.notEqual(newId(5), newId(5))
  assert.match(a, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/)
  assert.equal(bytesToUuid(uuidToBytes(a)), a)
  assert.throws(() => uuidToBytes('not an id'), TypeError)
})

test('the examples of PROTOCOL.md are the vectors, byte for byte', () => {
  const blocks = [
    ...file('protocol/PROTOCOL.md').matchAll(/```hex (.+)\n([^`]*)```/g),
  ]
  const names = blocks.map(([, name]) => name)
  assert.deepEqual(names, [
    'hello',
    'push',
    'welcome',
    'update',
    'checkpoint',
    'error',
  ])
  for (const [, name, text] of blocks) {
    const hex = text.replaceAll(/#.*|\s/g, '')
    assert.equal(hex, messages.find((v) => v.name === name).hex, name)
    assert.equal(readMessage(fromHex(hex)).type, name)
  }
})

test('the values of PROTOCOL.md are so', () => {
  const block = /```values\n([^`]*)```/.exec(file('protocol/PROTOCOL.md'))[1]
  const last = (start) =>
    block
      .split('\n')
      .find((l) => l.startsWith(start))
      .split(/\s{2,}/)[2]
  const { changes: pushed } = readMessage(
    fromHex(messages.find((v) => v.name === 'push').hex),
  )
  const { record } = readChange(pushed[0]).touches[0]
  assert.equal(last('natural id'), namedId('visit one'))
  assert.equal(record, namedId('visit one'))
  assert.equal(last('chain'), toHex(chainAfter(new Uint8Array(8), pushed[0])))
  let sum = { low: 0, high: 0 }
  for (const [field, version] of [
    [0, 41],
    [1, 42],
    [4, 44],
  ])
    sum = sumAdd(sum, record, field, version)
  assert.equal(last('sum'), `low ${sum.low} high ${sum.high}`)
})

test('a message cut anywhere is refused', async () => {
  for (const { hex, error } of messages) {
    const bytes = fromHex(hex)
    const step = bytes.length > 500 ? 53 : 1
    for (let n = 0; n < bytes.length && !error; n += step)
      await assert.rejects(async () => openMessage(bytes.slice(0, n)))
  }
})

test('a flipped bit is refused by name, or read', async () => {
  const refusals = ['malformed', 'too_big', 'too_deep']
  for (const { hex } of messages.filter((v) => v.hex.length < 600)) {
    const bytes = fromHex(hex)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      await Promise.resolve(bytes)
        .then(openMessage)
        .catch((e) => assert.ok(refusals.includes(e.name), e.stack))
      bytes[bit >> 3] ^= 1 << (bit & 7)
    }
  }
})

test('a byte order mark survives at the start of long and short texts', () => {
  const long = '\ufeff' + 'x'.repeat(500)
  const tree = ['\ufeff', long, ['y'.repeat(300), [long, 'z']], '\ufeffa', long]
  assert.deepEqual(decode(encode(tree)), tree)
})

test('what the protocol cannot carry is not written', () => {
  for (const value of ['\ud800', 'a\0b', NaN, Infinity, new Date(0), { a: 1 }])
    assert.throws(() => encode([value]), { name: 'malformed' })
  const deep = [[[[[[[[['too deep']]]]]]]]]
  assert.throws(() => encode(deep))
  assert.deepEqual(decode(encode([-0, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 60])), [
    0,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2 ** 60,
  ])
})

test('a run of arrays is taken apart', () => {
  const run = new Uint8Array([...encode([1]), ...encode([]), ...encode(['x'])])
  assert.deepEqual(decodeRun(run), [[1], [], ['x']])
  assert.throws(() => decodeRun(run.slice(0, -1)), { name: 'malformed' })
  assert.throws(() => decodeRun(new Uint8Array([0x90, 0xc0])))
})

test('a bomb stops at the limit', async () => {
  const bomb = new Uint8Array(deflateSync(new Uint8Array(64 << 20)))
  await assert.rejects(inflate(bomb, 1 << 20), { name: 'too_big' })
  const zip = encode([8, 1 << 20, bomb])
  await assert.rejects(async () => openMessage(zip), { name: 'malformed' })
  const segment = { bucket: 1, from: 0, to: 1, codec: 1, body: bomb }
  await assert.rejects(async () => plainBody(segment), { name: 'too_big' })
})

test('a message is wrapped only where it pays', async () => {
  const beat = writeMessage({ type: 'beat', waitMs: 7 })
  assert.equal(await zipMessage(beat), beat)
  const push = { type: 'push', first: 1, changes: [new Uint8Array(4000)] }
  const wrapped = await zipMessage(writeMessage(push))
  assert.ok(wrapped.length < 200)
  assert.deepEqual(plain(await openMessage(wrapped)), plain(push))
})

test('a body is taken apart into its messages', () => {
  const all = [new Uint8Array([1, 2, 3]), new Uint8Array(300)]
  const body = writeFrames(all)
  assert.deepEqual(readFrames(body), all)
  assert.deepEqual(readFrames(new Uint8Array(0)), [])
  assert.throws(() => readFrames(body.slice(0, -1)), { name: 'malformed' })
  assert.throws(() => readFrames(new Uint8Array(4)), { name: 'malformed' })
  const huge = Uint8Array.from([255, 255, 255, 255, 0])
  assert.throws(() => readFrames(huge), { name: 'too_big' })
})
