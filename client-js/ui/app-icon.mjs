/**
 * The app's icon, drawn here: as SVG, and as PNG for the home screens, whose
 * browsers take nothing else. The picture is six discs, so the pixels are
 * computed with four by four samples each; zlib does the rest of a PNG.
 */
import * as zlib from 'node:zlib'

const DEEP = [0x1f, 0x4d, 0x46]
const PALE = [0xdf, 0xee, 0xe8]
const SUN = [0xf2, 0xb1, 0x34]
const SAMPLES = 4

/** Discs on a field of 100 × 100; the last ring's hole is a disc of DEEP. */
const DISCS = [
  ...[0, 1, 2, 3, 4].map((i) => {
    const turn = (i * 2 * Math.PI) / 5 - Math.PI / 2
    return {
      x: 50 + 24 * Math.cos(turn),
      y: 50 + 24 * Math.sin(turn),
      r: 9,
      colour: i === 0 ? SUN : PALE,
    }
  }),
  { x: 50, y: 50, r: 11.5, colour: PALE },
  { x: 50, y: 50, r: 6.8, colour: DEEP },
]

const hex = (colour) =>
  `#${colour.map((c) => c.toString(16).padStart(2, '0')).join('')}`

function svg() {
  const discs = DISCS.map(
    ({ x, y, r, colour }) =>
      `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="${r}" fill="${hex(colour)}"/>`,
  )
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">` +
    `<rect width="100" height="100" rx="22" fill="${hex(DEEP)}"/>${discs.join('')}</svg>`
  )
}

function colourAt(x, y) {
  let colour = DEEP
  for (const disc of DISCS) {
    if ((x - disc.x) ** 2 + (y - disc.y) ** 2 <= disc.r ** 2)
      colour = disc.colour
  }
  return colour
}

function pixels(size) {
  const rows = Buffer.alloc(size * (1 + size * 3))
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0]
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const x = column + ((s % SAMPLES) + 0.5) / SAMPLES
        const y = row + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES
        const colour = colourAt((x / size) * 100, (y / size) * 100)
        for (let c = 0; c < 3; c++) sum[c] += colour[c]
      }
      const at = row * (1 + size * 3) + 1 + column * 3
      for (let c = 0; c < 3; c++) rows[at + c] = sum[c] / (SAMPLES * SAMPLES)
    }
  }
  return rows
}

/** Node before 22.2 has no crc32 of its own. */
function crc32(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes)
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
    }
  }
  return ~crc >>> 0
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

function png(size) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8) // eight bits, RGB, no interlace
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(pixels(size), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** @returns {[string, string | Buffer][]} name and content of each icon */
export const icons = () => [
  ['icon.svg', svg()],
  ['icon-180.png', png(180)],
  ['icon-192.png', png(192)],
  ['icon-512.png', png(512)],
]
