// @ts-check
/**
 * MessagePack, written and read; @msgpack/msgpack behind a small face. The
 * twin of protocol/pack.h.
 *
 * Only nil, booleans, ints, float64, strings, bins and arrays occur. Before
 * anything is decoded, check() looks at every byte: depth, counts against the
 * bytes left, shortest integers, UTF-8; so hostile bytes cost nothing but that
 * walk. What is wrong is thrown as a TidemarkError 'malformed', 'too_big' or
 * 'too_deep'.
 *
 * Bins come out as Uint8Arrays that borrow from the bytes given.
 *
 * @typedef {null | boolean | number | string | Uint8Array | any[]} Item
 */
import { Decoder, Encoder } from '@msgpack/msgpack'

import { refuse } from './err.js'

export const PACK_DEPTH_MAX = 8
export const PACK_ITEMS_MAX = 131072

const encoder = new Encoder({ maxDepth: PACK_DEPTH_MAX + 1 })
const decoder = new Decoder()

/** The value's bytes. A text with a lone surrogate or U+0000, a NaN or another
 * kind of value is a bug of the caller: 'malformed'. @param {Item} value */
export function encode(value) {
  const bytes = encoder.encode(value)
  new Check(bytes, 0).all(false)
  return bytes
}

/** One array that fills the bytes exactly. @param {Uint8Array} bytes */
export function decode(bytes) {
  const check = new Check(bytes, 0)
  if (check.all(true) !== bytes.length) refuse('malformed')
  return build(bytes, check)
}

/** A run of arrays, one after the other. @param {Uint8Array} bytes */
export function decodeRun(bytes) {
  /** @type {Item[][]} */
  const run = []
  for (let at = 0; at < bytes.length;) {
    const check = new Check(bytes, at)
    const end = check.all(true)
    run.push(build(bytes.subarray(at, end), check))
    at = end
  }
  return run
}

/** @param {Uint8Array} bytes @param {Check} check @returns {Item[]} */
function build(bytes, check) {
  const tree = /** @type {Item[]} */ (decoder.decode(bytes))
  if (check.marks.length > 0) restoreMarks(tree, check.marks, { next: 0 })
  return tree
}

/**
 * The library drops a byte order mark at the start of a long text, which would
 * shift every later text delta by one. Put those back.
 * @param {Item[]} tree @param {number[]} marks @param {{ next: number }} texts
 */
function restoreMarks(tree, marks, texts) {
  tree.forEach((item, i) => {
    if (Array.isArray(item)) restoreMarks(item, marks, texts)
    else if (typeof item === 'string') {
      const marked = marks.includes(texts.next++)
      if (marked && !item.startsWith('\ufeff')) tree[i] = '\ufeff' + item
    }
  })
}

/** One walk over the bytes of one tree, without building anything. */
class Check {
  items = 0
  texts = 0
  /** Which texts start with a byte order mark. @type {number[]} */
  marks = []
  /** Items still to come, per open array. @type {number[]} */
  open = []

  /** @param {Uint8Array} bytes @param {number} at */
  constructor(bytes, at) {
    this.bytes = bytes
    this.at = at
  }

  /** @param {boolean} array must it be one? @returns {number} where it ends */
  all(array) {
    const { open } = this
    do {
      this.item()
      if (array && open.length === 0) refuse('malformed')
      while (open.length > 0 && open[open.length - 1] === 0) open.pop()
      if (open.length > 0) open[open.length - 1]--
      else break
    } while (true)
    return this.at
  }

  /** A big-endian number. @param {number} bytes */
  take(bytes) {
    if (bytes > this.bytes.length - this.at) refuse('malformed')
    let v = 0
    for (let i = 0; i < bytes; i++) v = v * 256 + this.bytes[this.at++]
    return v
  }

  /** @param {number} bytes @param {number} least */
  uint(bytes, least) {
    const v = this.take(bytes)
    // Above 2^53 the sum is rounded, but never back below it.
    if (v < least || v > Number.MAX_SAFE_INTEGER) refuse('malformed')
  }

  /** @param {number} bytes @param {number} most */
  int(bytes, most) {
    const high = this.take(bytes > 4 ? 4 : bytes)
    let v =
      high -
      (high >= 2 ** (8 * Math.min(bytes, 4) - 1)
        ? 2 ** (8 * Math.min(bytes, 4))
        : 0)
    if (bytes > 4) v = v * 2 ** 32 + this.take(4)
    if (v > most || v < -Number.MAX_SAFE_INTEGER) refuse('malformed')
  }

  real() {
    const high = this.take(2)
    if ((high & 0x7ff0) === 0x7ff0) refuse('malformed') // NaN, infinite
    this.skip(6)
  }

  /** @param {number} length */
  skip(length) {
    if (length > this.bytes.length - this.at) refuse('malformed')
    this.at += length
  }

  /** @param {number} length */
  text(length) {
    const { bytes, at } = this
    this.skip(length)
    if (!utf8Check(bytes, at, this.at)) refuse('malformed')
    const marked =
      bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf
    if (length > 2 && marked) this.marks.push(this.texts)
    this.texts++
  }

  /** @param {number} count */
  array(count) {
    if (count > this.bytes.length - this.at) refuse('malformed')
    if (count > PACK_ITEMS_MAX - this.items) refuse('too_big')
    if (this.open.length === PACK_DEPTH_MAX) refuse('too_deep')
    this.items += count
    this.open.push(count)
  }

  item() {
    const tag = this.take(1)
    if (tag <= 0x7f || tag >= 0xe0) return
    if (tag >= 0xa0 && tag <= 0xbf) return this.text(tag & 0x1f)
    if (tag >= 0x90 && tag <= 0x9f) return this.array(tag & 0x0f)
    switch (tag) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3:
        return
      case 0xc4:
        return this.skip(this.take(1))
      case 0xc5:
        return this.skip(this.take(2))
      case 0xc6:
        return this.skip(this.take(4))
      case 0xcb:
        return this.real()
      case 0xcc:
        return this.uint(1, 0x80)
      case 0xcd:
        return this.uint(2, 0x100)
      case 0xce:
        return this.uint(4, 0x10000)
      case 0xcf:
        return this.uint(8, 2 ** 32)
      case 0xd0:
        return this.int(1, -33)
      case 0xd1:
        return this.int(2, -129)
      case 0xd2:
        return this.int(4, -32769)
      case 0xd3:
        return this.int(8, -2147483649)
      case 0xd9:
        return this.text(this.take(1))
      case 0xda:
        return this.text(this.take(2))
      case 0xdb:
        return this.text(this.take(4))
      case 0xdc:
        return this.array(this.take(2))
      case 0xdd:
        return this.array(this.take(4))
    }
    refuse('malformed') // map, ext, float32, unused
  }
}

/**
 * Is this valid UTF-8 without U+0000? Source: The Unicode Standard, table 3-7.
 * @param {Uint8Array} bytes @param {number} at @param {number} end
 */
export function utf8Check(bytes, at, end) {
  while (at < end) {
    const lead = bytes[at]
    if (lead < 0x80) {
      if (lead === 0) return false
      at++
      continue
    }
    const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    if (lead < 0xc2 || lead > 0xf4 || end - at < length) return false
    const second = bytes[at + 1]
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return false
    for (let i = 2; i < length; i++)
      if ((bytes[at + i] & 0xc0) !== 0x80) return false
    at += length
  }
  return true
}
