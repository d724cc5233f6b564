// @ts-check
/**
 * One save by a person: the bytes inside a PUSH, written and read. The twin of
 * protocol/change.h (PROTOCOL.md, section 3).
 *
 * Values stand here as on the wire, but for ids (see value in wire.js).
 *
 * @typedef {'create' | 'set' | 'text' | 'add' | 'remove' | 'delete' |
 *   'restore'} Op
 * @typedef {{ op: Op, field: number, seen: number, value: any }} Edit
 * @typedef {{ bucket: number | string, record: string,
 *   edits: readonly Edit[] }} Touch  a bucket's number, or its name in a touch
 *   that creates
 * @typedef {{ at: number, touches: readonly Touch[] }} Change
 */
import { refuse } from './err.js'
import { decode, encode } from './pack.js'
import {
  id,
  int,
  items,
  number,
  row,
  uint,
  uint32,
  value,
  word,
} from './wire.js'

export const CHANGE_BYTES_MAX = 512 * 1024
export const CHANGE_TOUCHES_MAX = 64
export const CHANGE_EDITS_MAX = 512
export const SET_ELEMENTS_MAX = 256
export const BUCKET_NAME_MAX = 80

/** @type {readonly Op[]} in the order of their numbers */
export const OPS = [
  'create',
  'set',
  'text',
  'add',
  'remove',
  'delete',
  'restore',
]

const name = word(BUCKET_NAME_MAX)

const shapes = {
  op: {
    /** @param {any} item */
    read: (item) => OPS[item] ?? refuse('malformed'),
    /** @param {Op} op */
    write: (op) => (OPS.includes(op) ? OPS.indexOf(op) : refuse('malformed')),
  },
  /** @type {import('./wire.js').Shape<any>} */
  bucket: {
    read: (item) =>
      typeof item === 'string' ? name.read(item) : number.read(item),
    write: (b) => (typeof b === 'string' ? name.write(b) : number.write(b)),
  },
}

const edit = row({ op: shapes.op, field: uint32, seen: uint, value })

/** @param {readonly any[]} all @param {number} most @returns {any} */
const some = (all, most) =>
  all.length > 0 && all.length <= most ? all : refuse('malformed')

const touch = row({
  bucket: shapes.bucket,
  record: id,
  edits: {
    read: (item) => some(items(item), CHANGE_EDITS_MAX).map(edit.read),
    write: (edits) => edits.map(edit.write),
  },
})

const change = row({
  at: int,
  touches: {
    read: (item) => some(items(item), CHANGE_TOUCHES_MAX).map(touch.read),
    write: (touches) => touches.map(touch.write),
  },
})

/** @param {Edit} e @returns {boolean} */
function valueFits(e) {
  const onRecord = e.op === 'create' || e.op === 'delete' || e.op === 'restore'
  if (onRecord !== (e.field === 0)) return false
  switch (e.op) {
    case 'create':
      return e.seen === 0 && Number.isInteger(e.value) && e.value > 0
    case 'set':
      return true
    case 'text':
      return Array.isArray(e.value)
    case 'add':
    case 'remove':
      return Array.isArray(e.value) && e.value.length <= SET_ELEMENTS_MAX
    case 'delete':
    case 'restore':
      return e.value === null
  }
}

/** Throws when the form is wrong, as the server would refuse it.
 * @param {Change} c */
function checkForm(c) {
  const edits = c.touches.reduce((n, t) => n + t.edits.length, 0)
  some(c.touches, CHANGE_TOUCHES_MAX)
  if (edits > CHANGE_EDITS_MAX) refuse('too_big')
  for (const t of c.touches) {
    some(t.edits, CHANGE_EDITS_MAX)
    const named = typeof t.bucket === 'string'
    if (named && (t.bucket === '' || t.edits[0].op !== 'create'))
      refuse('malformed')
    t.edits.forEach((e, i) => {
      if (!valueFits(e) || (i > 0 && e.op === 'create')) refuse('malformed')
    })
  }
}

/** 'too_big' when it is over a limit. @param {Change} c @returns {Uint8Array} */
export function writeChange(c) {
  checkForm(c)
  const bytes = encode(change.write(c))
  return bytes.length > CHANGE_BYTES_MAX ? refuse('too_big') : bytes
}

/** @param {Uint8Array} bytes @returns {Change} */
export function readChange(bytes) {
  if (bytes.length > CHANGE_BYTES_MAX) refuse('too_big')
  /** @type {Change} */
  const c = change.read(decode(bytes))
  checkForm(c)
  return c
}
