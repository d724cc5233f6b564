// @ts-check
/**
 * zlib streams (RFC 1950), bounded; the twin of protocol/zip.h. Browsers and
 * Node 18 bring them; where they are missing, HELLO says so and the server
 * sends everything plain.
 */
import { refuse } from './err.js'

export const canInflate = typeof DecompressionStream === 'function'
export const canDeflate = typeof CompressionStream === 'function'

/**
 * What comes out of the stream, `most` bytes at most.
 * @param {Uint8Array} bytes @param {GenericTransformStream} through
 * @param {number} most @returns {Promise<Uint8Array | null>} null: more came
 */
async function run(bytes, through, most) {
  const writer = through.writable.getWriter()
  // Failures show on the reading side; here they only need to be heard.
  writer.write(bytes).catch(() => {})
  writer.close().catch(() => {})
  const reader = through.readable.getReader()
  /** @type {Uint8Array[]} */
  const parts = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > most) {
      await reader.cancel().catch(() => {})
      return null
    }
    parts.push(value)
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** @param {Uint8Array} plain @returns {Promise<Uint8Array>} */
export async function deflate(plain) {
  const out = await run(plain, new CompressionStream('deflate'), Infinity)
  return /** @type {Uint8Array} */ (out)
}

/**
 * Throws 'malformed' for a damaged stream, 'too_big' for one that is longer.
 * @param {Uint8Array} stream @param {number} most @returns {Promise<Uint8Array>}
 */
export async function inflate(stream, most) {
  const out = await run(stream, new DecompressionStream('deflate'), most).catch(
    () => refuse('malformed'),
  )
  return out ?? refuse('too_big')
}
