// @ts-check
/**
 * What a device and the server say to each other, as plain objects: the twin
 * of protocol/message.h. `type` tells them apart; ids are UUIDs.
 *
 * What is inside a PUSH is change.js, inside an UPDATE's segments segment.js.
 * Readers throw a TidemarkError ('malformed', 'too_big', 'too_deep').
 *
 * @typedef {readonly [bucket: number, version: number]} Cursor
 * @typedef {{ pending: number, oldest: number, storageKept: boolean | null,
 *   appVersion: string }} Report
 * @typedef {{ bucket: number, name: string, roles: readonly string[] }} Scope
 * @typedef {{ seq: number, index: number, outcome: number,
 *   reason: number }} Exception  index -1: the whole change
 * @typedef {{ first: number, last: number, version: number,
 *   exceptions: readonly Exception[] }} Outcome
 * @typedef {{ bucket: number, from: number, to: number, codec: 0 | 1,
 *   body: Uint8Array }} Segment
 * @typedef {{ bucket: number, count: number, low: number,
 *   high: number }} Sum
 * @typedef {{ field: number, version: number, outcome: number, value: any,
 *   author: string | null, at: number, raw: number, received: number,
 *   seen: number, replica: number, seq: number, flags: number }} Entry
 *
 * @typedef {{ type: 'hello', protocol: number, nonce: Uint8Array,
 *   device: string, token: Uint8Array, incarnation: number, clock: number,
 *   acked: number, chain: Uint8Array, timeline: string | null,
 *   cursors: readonly Cursor[], report: Report, zip: boolean }} Hello
 * @typedef {{ type: 'push', first: number,
 *   changes: readonly Uint8Array[] }} Push
 * @typedef {{ type: 'pull', cursors: readonly Cursor[] }} Pull
 * @typedef {{ type: 'history', request: number, bucket: number,
 *   record: string }} History
 * @typedef {{ type: 'beat', waitMs: number }} Beat
 * @typedef {{ type: 'report', report: Report }} ReportMessage
 * @typedef {{ type: 'enrol', code: string, label: string,
 *   platform: string }} Enrol
 * @typedef {Hello | Push | Pull | History | Beat | ReportMessage |
 *   Enrol} DeviceMessage
 *
 * @typedef {{ type: 'welcome', protocol: number, nonce: Uint8Array,
 *   timeline: string, fork: number, safe: number, clock: number,
 *   replica: number, person: string, seq: number, version: number,
 *   scope: readonly Scope[], head: number }} Welcome
 * @typedef {{ type: 'update', head: number, outcomes: readonly Outcome[],
 *   segments: readonly Segment[] }} Update
 * @typedef {{ type: 'checkpoint', head: number,
 *   sums: readonly Sum[] }} Checkpoint
 * @typedef {{ type: 'scope', scope: readonly Scope[] }} ScopeMessage
 * @typedef {{ type: 'entries', request: number, entries: readonly Entry[],
 *   more: boolean }} Entries  the answer to 'history'
 * @typedef {{ type: 'beaten', clock: number }} Beaten  the answer to 'beat'
 * @typedef {{ type: 'bye', retryMs: number, spreadMs: number }} Bye
 * @typedef {{ type: 'error', code: number, name: string,
 *   detail: number }} ErrorMessage
 * @typedef {{ type: 'enrolled', device: string, token: Uint8Array,
 *   person: string, name: string }} Enrolled
 * @typedef {Welcome | Update | Checkpoint | ScopeMessage | Entries | Beaten |
 *   Bye | ErrorMessage | Enrolled} ServerMessage
 *
 * @typedef {DeviceMessage | ServerMessage} Message
 */
import { BUCKET_NAME_MAX, CHANGE_BYTES_MAX } from './change.js'
import { refuse } from './err.js'
import { decode, encode } from './pack.js'
import * as w from './wire.js'
import { canDeflate, deflate, inflate } from './zip.js'

export const PROTOCOL = 1
export const MESSAGE_BYTES_MAX = 1 << 20
export const MESSAGE_WORD_MAX = 200
export const TOKEN_BYTES = 32
export const NONCE_BYTES = 16
export const PUSH_CHANGES_MAX = 1000

const ZIP = 8
const FRAME_BYTES = 4

/** @typedef {import('./wire.js').Shape<any>} AnyShape */

const label = w.word(MESSAGE_WORD_MAX)

/** Pairs, flat on the wire. @type {AnyShape} */
const cursors = {
  read(item) {
    const flat = w.items(item)
    /** @type {Cursor[]} */
    const pairs = []
    for (let i = 0; i < flat.length; i += 2)
      pairs.push([w.number.read(flat[i]), w.uint.read(flat[i + 1])])
    return pairs
  },
  write: (pairs) =>
    pairs.flatMap((/** @type {Cursor} */ [bucket, version]) => [
      w.number.write(bucket),
      w.uint.write(version),
    ]),
}

const report = w.row({
  pending: w.uint,
  oldest: w.int,
  storageKept: w.boolOrNil,
  appVersion: label,
})

/** @param {readonly Uint8Array[]} list */
function checkedChanges(list) {
  if (list.length === 0) refuse('malformed')
  const most = list.reduce((n, change) => Math.max(n, change.length), 0)
  if (list.length > PUSH_CHANGES_MAX || most > CHANGE_BYTES_MAX)
    refuse('too_big')
  return list
}

/** @type {AnyShape} */
const changes = {
  read: (item) => checkedChanges(w.list(w.bin).read(item)),
  write: (list) => [...checkedChanges(list)],
}

const scope = w.list(
  w.row({
    bucket: w.number,
    name: w.word(BUCKET_NAME_MAX),
    roles: w.list(w.text),
  }),
)

/** @type {AnyShape} */
const codec = {
  read: (item) => (item === 0 || item === 1 ? item : refuse('malformed')),
  write: (v) => v,
}

/** The place of an edit in its change; -1: the whole change. */
const index = w.same((v) => Number.isInteger(v) && v >= -1 && v < 2 ** 31)

const outcomes = w.list(
  w.row({
    first: w.uint,
    last: w.uint,
    version: w.uint,
    exceptions: w.list(
      w.row({ seq: w.uint, index, outcome: w.uint32, reason: w.uint32 }),
    ),
  }),
)

const segments = w.list(
  w.row({ bucket: w.number, from: w.uint, to: w.uint, codec, body: w.bin }),
)

const sums = w.list(
  w.row({ bucket: w.number, count: w.uint, low: w.uint32, high: w.uint32 }),
)

const entries = w.list(
  w.row({
    field: w.uint32,
    version: w.uint,
    outcome: w.uint32,
    value: w.value,
    author: w.idOrNil,
    at: w.int,
    raw: w.int,
    received: w.int,
    seen: w.uint,
    replica: w.uint32,
    seq: w.uint,
    flags: w.uint32,
  }),
)

const nonce = w.bytes(NONCE_BYTES)
const token = w.bytes(TOKEN_BYTES)

/** Each message's code and its elements after the code.
 * @type {Record<Message['type'], [number, Record<string, AnyShape>]>} */
const MESSAGES = {
  hello: [
    1,
    {
      protocol: w.uint32,
      nonce,
      device: w.id,
      token,
      incarnation: w.uint,
      clock: w.int,
      acked: w.uint,
      chain: w.bytes(8),
      timeline: w.idOrNil,
      cursors,
      report,
      zip: w.bool,
    },
  ],
  push: [2, { first: w.number, changes }],
  pull: [3, { cursors }],
  history: [4, { request: w.uint, bucket: w.uint32, record: w.id }],
  beat: [5, { waitMs: w.uint }],
  report: [6, { report }],
  enrol: [7, { code: label, label, platform: label }],
  welcome: [
    16,
    {
      protocol: w.uint32,
      nonce,
      timeline: w.id,
      fork: w.uint,
      safe: w.uint,
      clock: w.int,
      replica: w.uint32,
      person: w.id,
      seq: w.uint,
      version: w.uint,
      scope,
      head: w.uint,
    },
  ],
  update: [17, { head: w.uint, outcomes, segments }],
  checkpoint: [18, { head: w.uint, sums }],
  scope: [19, { scope }],
  entries: [20, { request: w.uint, entries, more: w.bool }],
  beaten: [21, { clock: w.int }],
  bye: [22, { retryMs: w.uint32, spreadMs: w.uint32 }],
  error: [23, { code: w.uint32, name: w.text, detail: w.int }],
  enrolled: [24, { device: w.id, token, person: w.id, name: w.text }],
}

/** @type {Map<unknown, { type: string, row: AnyShape }>} */
const byCode = new Map()
/** @type {Map<string, { code: number, row: AnyShape }>} */
const byType = new Map()
for (const [type, [code, shapes]] of Object.entries(MESSAGES)) {
  const row = w.row(shapes)
  byCode.set(code, { type, row })
  byType.set(type, { code, row })
}

/** @param {Message} message @returns {Uint8Array} */
export function writeMessage(message) {
  const { code, row } = byType.get(message.type) ?? refuse('malformed')
  const elements = /** @type {import('./pack.js').Item[]} */ (
    row.write(message)
  )
  const bytes = encode([code, ...elements])
  return bytes.length > MESSAGE_BYTES_MAX ? refuse('too_big') : bytes
}

/** @param {Uint8Array} bytes @returns {import('./pack.js').Item[]} */
const elementsOf = (bytes) =>
  bytes.length > MESSAGE_BYTES_MAX ? refuse('too_big') : decode(bytes)

/** @param {import('./pack.js').Item[]} elements @returns {Message} */
function toMessage([code, ...elements]) {
  const { type, row } = byCode.get(code) ?? refuse('malformed')
  return checked({ type, ...row.read(elements) })
}

/** What no single element shows. @param {any} message @returns {Message} */
function checked(message) {
  if (message.type === 'update') {
    for (const { first, last } of message.outcomes)
      if (last < first) refuse('malformed')
    for (const { from, to } of message.segments)
      if (to < from) refuse('malformed')
  }
  return message
}

/** One message that is not wrapped in a ZIP.
 * @param {Uint8Array} bytes @returns {Message} */
export const readMessage = (bytes) => toMessage(elementsOf(bytes))

/**
 * One message, unwrapped if it is a ZIP: at once when it is not.
 * @param {Uint8Array} bytes @returns {Message | Promise<Message>}
 */
export function openMessage(bytes) {
  const elements = elementsOf(bytes)
  if (elements[0] !== ZIP) return toMessage(elements)
  const length = w.uint.read(elements[1])
  if (length > MESSAGE_BYTES_MAX) refuse('too_big')
  const stream = w.bin.read(elements[2])
  return inflate(stream, length)
    .catch(() => refuse('malformed')) // longer than it says, or damaged
    .then((plain) =>
      plain.length === length ? readMessage(plain) : refuse('malformed'),
    )
}

/** The message wrapped in a ZIP, or as it is when that is not longer.
 * @param {Uint8Array} message @returns {Promise<Uint8Array>} */
export async function zipMessage(message) {
  if (!canDeflate) return message
  const stream = await deflate(message)
  if (stream.length + 16 >= message.length) return message
  return encode([ZIP, message.length, stream])
}

/** A POST body: each message after its length. @param {readonly Uint8Array[]} all */
export function writeFrames(all) {
  const length = all.reduce((n, one) => n + FRAME_BYTES + one.length, 0)
  const body = new Uint8Array(length)
  const view = new DataView(body.buffer)
  let at = 0
  for (const one of all) {
    view.setUint32(at, one.length)
    body.set(one, at + FRAME_BYTES)
    at += FRAME_BYTES + one.length
  }
  return body
}

/** @param {Uint8Array} body @returns {Uint8Array[]} they borrow from it */
export function readFrames(body) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const all = []
  for (let at = 0; at < body.length;) {
    if (body.length - at < FRAME_BYTES) refuse('malformed')
    const length = view.getUint32(at)
    if (length > MESSAGE_BYTES_MAX) refuse('too_big')
    at += FRAME_BYTES
    if (length === 0 || length > body.length - at) refuse('malformed')
    all.push(body.subarray(at, at + length))
    at += length
  }
  return all
}
