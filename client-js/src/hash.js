// @ts-check
/**
 * The protocol's checksum (PROTOCOL.md, section 5): MurmurHash3 x86_32 twice,
 * with two seeds. The twin of protocol/hash.h.
 * Source: Austin Appleby, MurmurHash3 (public domain).
 *
 * @typedef {{ low: number, high: number }} Hash64  two unsigned 32-bit halves
 */
import { uuidToBytes } from './id.js'

const SEED_LOW = 0x7469646d
const SEED_HIGH = 0x61726b31

/** @param {number} v @param {number} by */
const rotate = (v, by) => (v << by) | (v >>> (32 - by))

/** @param {number} k */
const scramble = (k) =>
  Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593)

/** @param {Uint8Array} bytes @param {number} seed @returns {number} */
export function hash32(bytes, seed) {
  const whole = bytes.length & ~3
  let h = seed
  for (let i = 0; i < whole; i += 4) {
    const k =
      bytes[i] |
      (bytes[i + 1] << 8) |
      (bytes[i + 2] << 16) |
      (bytes[i + 3] << 24)
    h = (Math.imul(rotate(h ^ scramble(k), 13), 5) + 0xe6546b64) | 0
  }
  let k = 0
  for (let i = bytes.length - 1; i >= whole; i--) k = (k << 8) | bytes[i]
  if (bytes.length > whole) h ^= scramble(k)
  h ^= bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** @param {Uint8Array} bytes @returns {Hash64} */
export const hash64 = (bytes) => ({
  low: hash32(bytes, SEED_LOW),
  high: hash32(bytes, SEED_HIGH),
})

const row = new Uint8Array(28)
const rowView = new DataView(row.buffer)

/** @param {string} record @param {number} field @param {number} version */
function rowHash(record, field, version) {
  row.set(uuidToBytes(record))
  rowView.setUint32(16, field, true)
  rowView.setUint32(20, version % 2 ** 32, true)
  rowView.setUint32(24, Math.floor(version / 2 ** 32), true)
  return hash64(row)
}

/**
 * A bucket's sum with one more row in it: order-independent, kept rolling.
 * @param {Hash64} sum @param {string} record @param {number} field
 * @param {number} version @returns {Hash64}
 */
export function sumAdd(sum, record, field, version) {
  const h = rowHash(record, field, version)
  return { low: (sum.low + h.low) >>> 0, high: (sum.high + h.high) >>> 0 }
}

/**
 * The sum with that row taken out.
 * @param {Hash64} sum @param {string} record @param {number} field
 * @param {number} version @returns {Hash64}
 */
export function sumSub(sum, record, field, version) {
  const h = rowHash(record, field, version)
  return { low: (sum.low - h.low) >>> 0, high: (sum.high - h.high) >>> 0 }
}

export const CHAIN_BYTES = 8

/**
 * The chain after one more change.
 * @param {Uint8Array} chain @param {Uint8Array} change @returns {Uint8Array}
 */
export function chainAfter(chain, change) {
  const both = new Uint8Array(CHAIN_BYTES + change.length)
  both.set(chain)
  both.set(change, CHAIN_BYTES)
  const { low, high } = hash64(both)
  const next = new Uint8Array(CHAIN_BYTES)
  const view = new DataView(next.buffer)
  view.setUint32(0, low, true)
  view.setUint32(4, high, true)
  return next
}
