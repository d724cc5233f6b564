// @ts-check
/**
 * The WebSocket road in Node, which has no client of its own before version
 * 22: as much of RFC 6455 as talking to our server needs. No extensions; what
 * the server sends is binary, in any fragments, and bounded.
 */

import { createHash, randomBytes } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'
import { MESSAGE_BYTES_MAX } from './message.js'

/**
 * @typedef {import('./socket.js').Handlers} Handlers
 * @typedef {import('./socket.js').Connection} Connection
 * @typedef {{ fin: boolean, op: number, body: Buffer, end: number }} Frame
 */

const SUBPROTOCOL = 'tidemark.1'
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const HEAD_BYTES_MAX = 16 * 1024
const OP = { more: 0, binary: 2, close: 8, ping: 9, pong: 10 }

/** @param {number} op @param {Uint8Array} body @returns {Buffer} masked */
function frame(op, body) {
  const mask = randomBytes(4)
  const length = body.length
  const wide = length < 126 ? 0 : length < 65536 ? 2 : 8
  const out = Buffer.alloc(2 + wide + 4 + length)
  out[0] = 0x80 | op
  out[1] = 0x80 | (wide === 0 ? length : wide === 2 ? 126 : 127)
  if (wide === 2) out.writeUInt16BE(length, 2)
  if (wide === 8) out.writeBigUInt64BE(BigInt(length), 2)
  const from = 2 + wide
  mask.copy(out, from)
  for (let i = 0; i < length; i++) out[from + 4 + i] = body[i] ^ mask[i & 3]
  return out
}

/** The frame at the front, null when it is not whole yet. Throws when it is
 * not one that our server sends. @param {Buffer} bytes @returns {Frame | null} */
function readFrame(bytes) {
  if (bytes.length < 2) return null
  if (bytes[0] & 0x70 || bytes[1] & 0x80) throw new Error('not our frame')
  const short = bytes[1] & 0x7f
  const from = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < from) return null
  const length =
    short < 126
      ? short
      : short === 126
        ? bytes.readUInt16BE(2)
        : Number(bytes.readBigUInt64BE(2))
  if (length > MESSAGE_BYTES_MAX) throw new Error('too long')
  const end = from + length
  if (bytes.length < end) return null
  const fin = (bytes[0] & 0x80) !== 0
  return { fin, op: bytes[0] & 0x0f, body: bytes.subarray(from, end), end }
}

/** @param {URL} at @param {string} key */
const request = (at, key) =>
  [
    `GET ${at.pathname} HTTP/1.1`,
    `Host: ${at.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
    '\r\n',
  ].join('\r\n')

/** @param {string} head @param {string} key */
function isWelcome(head, key) {
  const [status, ...lines] = head.split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).trim().toLowerCase()
      return [name, line.slice(colon + 1).trim()]
    }),
  )
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  return (
    /^HTTP\/1\.1 101\b/.test(status) &&
    headers.get('sec-websocket-accept') === accept &&
    headers.get('sec-websocket-protocol') === SUBPROTOCOL
  )
}

/** @param {URL} at @returns {net.Socket} */
function dial(at) {
  const host = at.hostname.replace(/^\[|\]$/g, '')
  const port = Number(at.port) || (at.protocol === 'https:' ? 443 : 80)
  if (at.protocol !== 'https:') return net.connect(port, host)
  const servername = net.isIP(host) ? undefined : host
  return tls.connect({ host, port, servername, ALPNProtocols: ['http/1.1'] })
}

/** @param {string} url @param {Handlers} handlers @returns {Connection} */
export function connectSocket(url, handlers) {
  const at = new URL('/sync', url)
  const key = randomBytes(16).toString('base64')
  const socket = dial(at)
  /** @type {Buffer} */
  let waiting = Buffer.alloc(0)
  /** @type {Buffer[]} */
  let parts = []
  let isOpen = false
  let isOver = false

  /** @param {boolean} tell */
  function end(tell) {
    if (isOver) return
    isOver = true
    socket.destroy()
    if (tell) handlers.closed('gone')
  }

  /** @param {Frame} got */
  function take(got) {
    if (got.op === OP.ping) socket.write(frame(OP.pong, got.body))
    if (got.op === OP.close) {
      socket.write(frame(OP.close, got.body.subarray(0, 2)))
      end(true)
    }
    if (got.op !== OP.binary && got.op !== OP.more) return
    parts.push(got.body)
    const length = parts.reduce((n, part) => n + part.length, 0)
    if (length > MESSAGE_BYTES_MAX) throw new Error('too long')
    if (!got.fin) return
    const whole = new Uint8Array(Buffer.concat(parts))
    parts = []
    handlers.message(whole)
  }

  function takeHead() {
    const end = waiting.indexOf('\r\n\r\n')
    if (end < 0) {
      if (waiting.length > HEAD_BYTES_MAX) throw new Error('too long')
      return
    }
    if (!isWelcome(waiting.toString('latin1', 0, end), key)) {
      throw new Error('no WebSocket there')
    }
    waiting = waiting.subarray(end + 4)
    isOpen = true
    handlers.opened()
  }

  /** @param {Buffer} bytes */
  function read(bytes) {
    waiting = waiting.length ? Buffer.concat([waiting, bytes]) : bytes
    if (!isOpen) takeHead()
    while (isOpen && !isOver) {
      const got = readFrame(waiting)
      if (!got) return
      waiting = waiting.subarray(got.end)
      take(got)
    }
  }

  socket.setNoDelay(true)
  socket.once(at.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
    socket.write(request(at, key)),
  )
  socket.on('data', (bytes) => {
    if (isOver) return
    try {
      read(bytes)
    } catch {
      end(true) // whatever it is, it is not our server's
    }
  })
  socket.on('error', () => end(true))
  socket.on('close', () => end(true))
  return {
    send: (messages) => {
      if (!isOpen || isOver) return
      for (const message of messages) socket.write(frame(OP.binary, message))
    },
    interrupt: () => {},
    close: () => {
      if (isOpen && !isOver) {
        socket.end(frame(OP.close, Buffer.from([0x03, 0xe8])))
        isOver = true
        setTimeout(() => socket.destroy(), 500).unref()
        return
      }
      end(false)
    },
  }
}
