// @ts-check
/**
 * SHA-256 of a few bytes, at once. The browser's own digest is asynchronous
 * and missing on pages without TLS, and an id must be there the moment that a
 * record is made. Names only; no secret goes through here.
 * Source: FIPS 180-4, sections 5.1.1 and 6.2.
 */

/** The first `bits` of the fraction of x. @param {number} x */
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0

const primes = [2]
for (let n = 3; primes.length < 64; n += 2)
  if (primes.every((p) => n % p !== 0)) primes.push(n)

const START = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)))
const ROUND = primes.map((p) => fraction(Math.cbrt(p)))

/** @param {number} v @param {number} by */
const rotate = (v, by) => (v >>> by) | (v << (32 - by))

/** @param {Uint8Array} bytes */
function padded(bytes) {
  const out = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6)
  out.set(bytes)
  out[bytes.length] = 0x80
  const view = new DataView(out.buffer)
  view.setUint32(out.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(out.length - 4, bytes.length << 3)
  return view
}

/** @param {Int32Array} w the first 16 words of a block, and room for 48 */
function expand(w) {
  for (let t = 16; t < 64; t++) {
    const a = w[t - 15]
    const b = w[t - 2]
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10)
    w[t] = w[t - 16] + s0 + w[t - 7] + s1
  }
}

/** @param {Int32Array} hash @param {Int32Array} w */
function compress(hash, w) {
  let [a, b, c, d, e, f, g, h] = hash
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  for (const [i, v] of [a, b, c, d, e, f, g, h].entries()) hash[i] += v
}

/** @param {Uint8Array} bytes @returns {Uint8Array} 32 bytes */
export function sha256(bytes) {
  const view = padded(bytes)
  const hash = Int32Array.from(START)
  const w = new Int32Array(64)
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t)
    expand(w)
    compress(hash, w)
  }
  const out = new Uint8Array(32)
  const outView = new DataView(out.buffer)
  hash.forEach((v, i) => outView.setInt32(4 * i, v))
  return out
}
