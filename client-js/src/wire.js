// @ts-check
/**
 * Shapes: how one element of a message reads and writes. A shape is a pair of
 * functions between what is on the wire (pack.js) and what we work with; both
 * ways check, so that nothing malformed goes out either. Shapes compose: a
 * message is a row of named shapes.
 *
 * @typedef {import('./pack.js').Item} Item
 */
import { refuse } from './err.js'
import { bytesToUuid, ID_BYTES, isId, uuidToBytes } from './id.js'

/**
 * @template T
 * @typedef {{ read: (item: Item | undefined) => T, write: (value: T) => Item }} Shape
 */

/** A shape that is the same on both sides.
 * @template {Item} T @param {(item: any) => boolean} fits @returns {Shape<T>} */
export function same(fits) {
  /** @param {any} item */
  const pass = (item) => (fits(item) ? item : refuse('malformed'))
  return { read: pass, write: pass }
}

/** @type {Shape<number>} */
export const int = same(Number.isSafeInteger)
/** @type {Shape<number>} */
export const uint = same((v) => Number.isSafeInteger(v) && v >= 0)
/** @type {Shape<number>} */
export const uint32 = same((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 32)
/** @type {Shape<number>} a number given to a bucket, a field, a type */
export const number = same((v) => Number.isInteger(v) && v > 0 && v < 2 ** 32)
/** @type {Shape<boolean>} */
export const bool = same((v) => typeof v === 'boolean')
/** @type {Shape<boolean | null>} */
export const boolOrNil = same((v) => v === null || typeof v === 'boolean')
/** @type {Shape<string>} */
export const text = same((v) => typeof v === 'string')
/** @type {Shape<Uint8Array>} */
export const bin = same((v) => v instanceof Uint8Array)

/** @param {number} length @returns {Shape<Uint8Array>} */
export const bytes = (length) =>
  same((v) => v instanceof Uint8Array && v.length === length)

const encoder = new TextEncoder()

/** A text of `most` bytes at most. @param {number} most @returns {Shape<string>} */
export const word = (most) => {
  /** @param {any} v */
  const pass = (v) => {
    if (typeof v !== 'string') refuse('malformed')
    return encoder.encode(v).length > most ? refuse('too_big') : v
  }
  return { read: pass, write: pass }
}

/** @type {Shape<string>} */
export const id = {
  read(item) {
    if (!(item instanceof Uint8Array) || item.length !== ID_BYTES)
      return refuse('malformed')
    const uuid = bytesToUuid(item)
    return isId(uuid) ? uuid : refuse('malformed')
  },
  write: (uuid) => (isId(uuid) ? uuidToBytes(uuid) : refuse('malformed')),
}

/** @type {Shape<string | null>} */
export const idOrNil = {
  read: (item) => (item === null ? null : id.read(item)),
  write: (uuid) => (uuid === null ? null : id.write(uuid)),
}

/** @param {Item | undefined} item @returns {Item[]} */
export const items = (item) =>
  Array.isArray(item) ? item : refuse('malformed')

/** @template T @param {Shape<T>} shape @returns {Shape<readonly T[]>} */
export const list = (shape) => ({
  read: (item) => items(item).map(shape.read),
  write: (values) => values.map(shape.write),
})

/**
 * A row of named elements: an array on the wire, an object here. Elements
 * beyond the row are from the future and are not looked at.
 * @param {Record<string, Shape<any>>} shapes @returns {Shape<any>}
 */
export function row(shapes) {
  const columns = Object.entries(shapes)
  return {
    read(item) {
      const elements = items(item)
      return Object.fromEntries(
        columns.map(([name, shape], i) => [name, shape.read(elements[i])]),
      )
    },
    write: (value) => columns.map(([name, shape]) => shape.write(value[name])),
  }
}

/**
 * A field's value. Ids come out as UUIDs, since a bin is nothing else in a
 * value; they go in as bytes (idValue()), since a text may look like a UUID.
 * @type {Shape<any>}
 */
export const value = {
  read(item) {
    if (item === undefined) return refuse('malformed')
    if (item instanceof Uint8Array) return id.read(item)
    return Array.isArray(item) ? item.map(value.read) : item
  },
  write: (v) => v,
}

/** A ref as an edit's value takes it. @param {string} uuid */
export const idValue = (uuid) => uuidToBytes(uuid)
