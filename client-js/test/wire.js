/* wire.js -- a WebSocket and HTTP client that will say anything: for tests of
 * the server's transport with what no decent client sends.
 *
 *   const echo = await startEcho(['--idle-ms', '1000'])
 *   const socket = await echo.open()          // handshake done
 *   socket.frame({ payload, opcode, fin, mask, length })
 *   await socket.next()                       // { opcode, fin, payload }
 *   await echo.stop()                         // SIGTERM; resolves to the exit code
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @param {string} name */
export function findTool(name) {
  const folders = process.env.TIDEMARK_BIN
    ? [process.env.TIDEMARK_BIN]
    : ['asan', 'dev', 'release'].map((preset) => `${root}/build/${preset}/bin`)
  return folders.map((folder) => `${folder}/${name}`).find(existsSync)
}

/** @param {number} ms */
export const wait = (ms) => new Promise((done) => setTimeout(done, ms))

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @returns {Promise<T>}
 */
export function within(promise, ms) {
  let timer
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** One TCP connection; see wrap(). */
export const connect = (port) => wrap(net.connect(port, '127.0.0.1'))

/** A socket of which everything received is kept until it is taken. */
export function wrap(socket) {
  let bytes = Buffer.alloc(0)
  let ended = false
  const waiting = new Set()
  const wake = () => waiting.forEach((again) => again())

  socket.on('data', (more) => {
    bytes = Buffer.concat([bytes, more])
    wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    wake()
  })

  /** Resolves with fn()'s first value that is not undefined. */
  const until = (fn, ms = 3000) =>
    within(
      new Promise((done) => {
        const again = () => {
          const value = fn()
          if (value === undefined) return
          waiting.delete(again)
          done(value)
        }
        waiting.add(again)
        again()
      }),
      ms,
    )

  return {
    socket,
    until,
    write: (data) => socket.write(data),
    end: () => socket.destroy(),
    get ended() {
      return ended
    },
    get bytes() {
      return bytes
    },
    take(count) {
      const taken = bytes.subarray(0, count)
      bytes = bytes.subarray(count)
      return taken
    },
    closed: (ms) => until(() => (ended ? true : undefined), ms),
  }
}

/** An HTTP answer off a connection: { status, headers, body }. */
export async function answerOf(connection, { method = 'GET', ms = 5000 } = {}) {
  const end = await connection.until(() => {
    const at = connection.bytes.indexOf('\r\n\r\n')
    if (at >= 0) return at
    return connection.ended ? null : undefined
  }, ms)
  if (end === null) return null
  const [first, ...lines] = connection
    .take(end + 4)
    .toString('latin1')
    .trimEnd()
    .split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length =
    method === 'HEAD' || status === 304 || status === 101
      ? 0
      : Number(headers['content-length'] ?? 0)
  await connection.until(
    () =>
      connection.bytes.length >= length || connection.ended ? true : undefined,
    ms,
  )
  return { status, headers, body: Buffer.from(connection.take(length)) }
}

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The text of a handshake; a header set to null is left out. */
export function handshake(port, changes = {}, first = 'GET /sync HTTP/1.1') {
  const headers = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'tidemark.1',
    ...changes,
  }
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}`)
  return `${[first, ...lines].join('\r\n')}\r\n\r\n`
}

/** One frame as bytes. `length` may lie about the payload. */
export function frameOf({
  payload = Buffer.alloc(0),
  opcode = 2,
  fin = true,
  mask = true,
  reserved = 0,
  length = payload.length,
}) {
  const head = [(fin ? 0x80 : 0) | reserved | opcode]
  const bit = mask ? 0x80 : 0
  if (length < 126) head.push(bit | length)
  else if (length < 65536) head.push(bit | 126, length >> 8, length & 255)
  else {
    const wide = Buffer.alloc(8)
    wide.writeBigUInt64BE(BigInt(length))
    head.push(bit | 127, ...wide)
  }
  if (!mask) return Buffer.concat([Buffer.from(head), payload])
  const secret = [1, 2, 3, 4]
  const masked = Buffer.from(payload)
  for (let i = 0; i < masked.length; i++) masked[i] ^= secret[i & 3]
  return Buffer.concat([Buffer.from([...head, ...secret]), masked])
}

/** The first whole frame in `bytes`, with its size; undefined: not there yet. */
export function readFrame(bytes) {
  if (bytes.length < 2) return undefined
  let length = bytes[1] & 127
  let start = 2
  if (length === 126) {
    if (bytes.length < 4) return undefined
    length = bytes.readUInt16BE(2)
    start = 4
  } else if (length === 127) {
    if (bytes.length < 10) return undefined
    length = Number(bytes.readBigUInt64BE(2))
    start = 10
  }
  if (bytes.length < start + length) return undefined
  return {
    fin: (bytes[0] & 0x80) !== 0,
    opcode: bytes[0] & 15,
    payload: Buffer.from(bytes.subarray(start, start + length)),
    size: start + length,
  }
}

/** A connection whose handshake is done, or null when it was refused. */
export async function openSocket(port, changes) {
  const connection = connect(port)
  connection.write(handshake(port, changes))
  const answer = await answerOf(connection)
  if (answer?.status !== 101) {
    connection.end()
    return null
  }
  const next = async (ms) => {
    const frame = await connection.until(() => {
      const found = readFrame(connection.bytes)
      return found ?? (connection.ended ? null : undefined)
    }, ms)
    if (frame) connection.take(frame.size)
    return frame
  }
  return Object.assign(connection, {
    frame: (parts) => connection.write(frameOf(parts)),
    next,
    /** A whole message, put together from its fragments; pings left out. */
    async message(ms) {
      const parts = []
      for (;;) {
        const frame = await next(ms)
        if (!frame) return null
        if (frame.opcode === 8) return null
        if (frame.opcode > 8) continue
        parts.push(frame.payload)
        if (frame.fin) return Buffer.concat(parts)
      }
    },
    /** The code of the close frame, or 'gone' without one. */
    async closeCode(ms) {
      for (;;) {
        const frame = await next(ms)
        if (!frame) return 'gone'
        if (frame.opcode === 8)
          return frame.payload.length >= 2
            ? frame.payload.readUInt16BE(0)
            : 'none'
      }
    },
  })
}

/** @param {string[]} [options] */
export async function startEcho(options = []) {
  const tool = findTool('ws_echo')
  if (!tool) throw new Error('ws_echo has not been built')
  const child = spawn(tool, ['--port', '0', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let log = ''
  child.stderr.on('data', (more) => (log += more))
  const exit = new Promise((done) =>
    child.on('exit', (code, signal) => done(signal ?? code)),
  )
  const port = await within(
    new Promise((done, fail) => {
      child.stdout.on('data', (more) => {
        output += more
        const found = /^ready (\d+)$/m.exec(output)
        if (found) done(Number(found[1]))
      })
      exit.then((code) => fail(new Error(`ws_echo exited ${code}: ${log}`)))
    }),
    10000,
  )
  return {
    port,
    child,
    get log() {
      return log
    },
    open: (changes) => openSocket(port, changes),
    connect: () => connect(port),
    async ask(text, how) {
      const connection = connect(port)
      connection.write(text)
      const answer = await answerOf(connection, how)
      connection.end()
      return answer
    },
    stop(ms = 10000) {
      child.kill('SIGTERM')
      return within(exit, ms).catch((problem) => {
        child.kill('SIGKILL')
        throw problem
      })
    },
  }
}
