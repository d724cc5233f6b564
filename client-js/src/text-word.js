// @ts-check
/**
 * What a word is (PROTOCOL.md, section 7); the twin of protocol/text_word.h.
 *
 * Each code point is a letter, a joiner, a space or a break, by the protocol's
 * own table. Between two code points a text is either *glued* (inside a word)
 * or may be cut:
 *
 *     letter|letter     glued            inc|onsistent
 *     letter|joiner     glued, if a letter follows      don|'t   3|.5
 *     joiner|letter     glued, if a letter came before  well-|known
 *     all others        a place to cut   clear|.   |(a|)
 *
 * @typedef {object} Glyphs  a text, code point by code point
 * @property {string} text
 * @property {number} count
 * @property {Uint8Array} classes  two breaks, count classes, two breaks
 * @property {Uint32Array | null} starts  UTF-16 offsets, count + 1 of them;
 *   null: no surrogates
 */
import { chars, hasAstral, widthAt } from './text-walk.js'

export const BREAK = 0
export const SPACE = 1
export const JOINER = 2
export const LETTER = 3

/** Classes start at this index of Glyphs.classes. */
export const PAD = 2

// Everything above ASCII that is not listed is a letter: the scripts, their
// marks and digits, emoji with what holds them together. Sorted.
/** @type {readonly (readonly [number, number, number])[]} */
const OTHERS = [
  [0x80, 0x84, BREAK],
  [0x85, 0x85, SPACE],
  [0x86, 0x9f, BREAK],
  [0xa0, 0xa0, SPACE],
  [0xa1, 0xa9, BREAK],
  [0xab, 0xac, BREAK],
  [0xad, 0xad, JOINER],
  [0xae, 0xb1, BREAK],
  [0xb4, 0xb4, BREAK],
  [0xb6, 0xb6, BREAK],
  [0xb7, 0xb7, JOINER],
  [0xb8, 0xb8, BREAK],
  [0xbb, 0xbb, BREAK],
  [0xbf, 0xbf, BREAK],
  [0xd7, 0xd7, BREAK],
  [0xf7, 0xf7, BREAK],
  [0x37e, 0x37e, BREAK],
  [0x387, 0x387, JOINER],
  [0x55a, 0x55f, BREAK],
  [0x589, 0x589, BREAK],
  [0x58a, 0x58a, JOINER],
  [0x5be, 0x5be, JOINER],
  [0x5c0, 0x5c0, BREAK],
  [0x5c3, 0x5c3, BREAK],
  [0x5f3, 0x5f4, JOINER],
  [0x60c, 0x60d, BREAK],
  [0x61b, 0x61f, BREAK],
  [0x66a, 0x66a, BREAK],
  [0x66b, 0x66c, JOINER],
  [0x6d4, 0x6d4, BREAK],
  [0x964, 0x965, BREAK],
  [0x1680, 0x1680, SPACE],
  [0x2000, 0x200a, SPACE],
  [0x200b, 0x200b, BREAK],
  [0x2010, 0x2011, JOINER],
  [0x2012, 0x2018, BREAK],
  [0x2019, 0x2019, JOINER],
  [0x201a, 0x2026, BREAK],
  [0x2027, 0x2027, JOINER],
  [0x2028, 0x2029, SPACE],
  [0x202a, 0x202e, BREAK],
  [0x202f, 0x202f, SPACE],
  [0x2030, 0x205e, BREAK],
  [0x205f, 0x205f, SPACE],
  [0x20a0, 0x20cf, BREAK],
  [0x2190, 0x22ff, BREAK],
  [0x2500, 0x259f, BREAK],
  [0x2e00, 0x2e7f, BREAK],
  [0x3000, 0x3000, SPACE],
  [0x3001, 0x3003, BREAK],
  [0x3008, 0x3011, BREAK],
  [0x3014, 0x301f, BREAK],
  [0xfe10, 0xfe19, BREAK],
  [0xfe30, 0xfe6b, BREAK],
  [0xfeff, 0xfeff, SPACE],
  [0xff01, 0xff0f, BREAK],
  [0xff1a, 0xff20, BREAK],
  [0xff3b, 0xff40, BREAK],
  [0xff5b, 0xff65, BREAK],
]

// _ b * j s: letter, break, joiner, space. A row is 32 code points.
const ASCII =
  'bbbbbbbbbsssssbbbbbbbbbbbbbbbbbb' +
  'sbbbbbjjbbbjjjjj__________jbbbbb' +
  'j__________________________bbbb_' +
  'b__________________________bbbbb'

/** @param {number} code */
function lookUp(code) {
  if (code < 0x80) return 'bsj_'.indexOf(ASCII[code])
  let low = 0
  let high = OTHERS.length
  while (low < high) {
    const mid = (low + high) >> 1
    const [from, to, kind] = OTHERS[mid]
    if (code > to) low = mid + 1
    else if (code < from) high = mid
    else return kind
  }
  return LETTER
}

/** The first 64 Ki code points, looked up once. */
const PLANE = Uint8Array.from({ length: 0x10000 }, (_, code) => lookUp(code))

/** @param {number} code */
export const classOf = (code) => (code < 0x10000 ? PLANE[code] : LETTER)

/** @param {string} text @returns {Glyphs} */
export function glyphs(text) {
  const count = chars(text)
  const classes = new Uint8Array(count + 2 * PAD)
  if (!hasAstral(text)) {
    for (let i = 0; i < count; i++) classes[i + PAD] = PLANE[text.charCodeAt(i)]
    return { text, count, classes, starts: null }
  }
  const starts = new Uint32Array(count + 1)
  let at = 0
  for (let i = 0; i < count; i++) {
    starts[i] = at
    classes[i + PAD] = classOf(Number(text.codePointAt(at)))
    at += widthAt(text, at)
  }
  starts[count] = at
  return { text, count, classes, starts }
}

/**
 * The code points from .. to.
 * @param {Glyphs} g @param {number} from @param {number} to
 */
export const slice = (g, from, to) =>
  g.starts ? g.text.slice(g.starts[from], g.starts[to]) : g.text.slice(from, to)

/**
 * Is c[i] .. c[i + 3], the classes of two code points before a place and two
 * after it, glued there?
 * @param {ArrayLike<number>} c @param {number} i
 */
export function glue(c, i) {
  if (c[i + 1] === LETTER) {
    return c[i + 2] === LETTER || (c[i + 2] === JOINER && c[i + 3] === LETTER)
  }
  return c[i + 1] === JOINER && c[i] === LETTER && c[i + 2] === LETTER
}

/** Is the text glued between at - 1 and at? @param {Glyphs} g
 * @param {number} at */
export const glued = (g, at) => glue(g.classes, at)

/** Is there a letter in from .. to? @param {Glyphs} g @param {number} from
 * @param {number} to */
export function hasLetter(g, from, to) {
  for (let i = from; i < to; i++) if (g.classes[i + PAD] === LETTER) return true
  return false
}
