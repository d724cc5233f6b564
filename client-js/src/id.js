// @ts-check
/**
 * Names of things, made on any device without asking: UUIDs in lower case. The
 * twin of protocol/id.h; on the wire an id is its 16 bytes.
 */
import { randomBytes } from '#random'

import { sha256 } from './sha256.js'

export { randomBytes }

export const ID_BYTES = 16

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const NONE = '00000000-0000-0000-0000-000000000000'

/** Is it an id as we write it? @param {unknown} text @returns {boolean} */
export const isId = (text) =>
  typeof text === 'string' && PATTERN.test(text) && text !== NONE

/** @param {Uint8Array} bytes */
export const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Hex digits, an even number of them. @param {string} hex */
export function fromHex(hex) {
  const out = new Uint8Array(hex.length / 2)
  for (let i = 0; i < out.length; i++)
    out[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return out
}

/** @param {string} uuid @returns {Uint8Array} */
export function uuidToBytes(uuid) {
  if (!PATTERN.test(uuid)) throw new TypeError('not an id: ' + uuid)
  return fromHex(uuid.replaceAll('-', ''))
}

/** @param {Uint8Array} bytes 16 of them */
export function bytesToUuid(bytes) {
  const hex = toHex(bytes)
  const cuts = [0, 8, 12, 16, 20, 32]
  return cuts
    .slice(1)
    .map((end, i) => hex.slice(cuts[i], end))
    .join('-')
}

/** @param {Uint8Array} bytes @param {number} version */
function stamp(bytes, version) {
  bytes[6] = (bytes[6] & 0x0f) | (version << 4)
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return bytesToUuid(bytes)
}

/** UUID version 7: sorted by the time of making. @param {number} nowMs */
export function newId(nowMs, random = randomBytes(10)) {
  const bytes = new Uint8Array(ID_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(nowMs / 2 ** 32))
  view.setUint32(2, nowMs % 2 ** 32)
  bytes.set(random, 6)
  return stamp(bytes, 7)
}

/**
 * The id of a thing with a natural key: two makers, one id (UUID version 8).
 * Parts that are ids are given as such, in lower case.
 * @param {string} typeName @param {readonly string[]} parts
 */
export function naturalId(typeName, parts) {
  const text = typeName + '/' + parts.join('|')
  const digest = sha256(new TextEncoder().encode(text))
  return stamp(digest.slice(0, ID_BYTES), 8)
}

/** For tests and demos. @param {string} name */
export const namedId = (name) => naturalId('name', [name])
