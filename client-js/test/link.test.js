// @ts-check
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import { connectPost } from '../src/post.js'
import { connectSocket } from '../src/socket-node.js'
import { createLink } from '../src/link.js'
import { virtualTime } from './world.js'

/** A link whose connections are answered by the test. */
function fixture({ only = /** @type {any} */ (null), random = () => 1 } = {}) {
  const time = virtualTime(random, 1000)
  /** @type {any[]} */
  const made = []
  /** @type {string[]} */
  const log = []
  const connect =
    (/** @type {string} */ road) =>
    (/** @type {string} */ _url, /** @type {any} */ handlers) => {
      const one = { road, handlers, sent: 0, closed: false }
      made.push(one)
      return {
        send: () => one.sent++,
        interrupt: () => {},
        close: () => (one.closed = true),
      }
    }
  const link = createLink({
    url: 'http://server',
    only,
    connectSocket: connect('websocket'),
    connectPost: connect('post'),
    world: time,
    onOpen: (road) => void log.push(`open ${road}`),
    onMessage: () => {},
    onRound: () => {},
    onClosed: () => void log.push('closed'),
    onStatus: () => {},
  })
  const last = () => made[made.length - 1]
  return { link, time, made, log, last }
}

test('a socket that does not open in six seconds is left', () => {
  const { link, time, made } = fixture()
  link.start()
  assert.equal(link.state, 'connecting')
  time.advance(5999)
  assert.equal(made.length, 1)
  time.advance(1)
  assert.equal(made[0].closed, true)
  assert.equal(link.state, 'offline')
})

test('the back-off grows to a minute, and starts anew once it worked', () => {
  const { link, time, made, last } = fixture({ only: 'websocket' })
  link.start()
  const waits = []
  for (let n = 0; n < 10; n++) {
    last().handlers.closed('gone')
    const from = time.now()
    const had = made.length
    while (made.length === had) time.advance(100)
    waits.push(time.now() - from)
  }
  assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000])
  assert.equal(Math.max(...waits), 60000)
  last().handlers.opened()
  link.settled()
  assert.equal(link.state, 'online')
  last().handlers.closed('gone')
  const had = made.length
  time.advance(500)
  assert.equal(made.length, had + 1)
})

test('two failed sockets: POST at once; the socket again after a minute', () => {
  const { link, time, made, last } = fixture()
  link.start()
  last().handlers.closed('gone')
  time.advance(500)
  last().handlers.closed('gone')
  time.advance(0)
  assert.equal(last().road, 'post')
  last().handlers.opened()
  link.settled()
  assert.equal(link.road, 'post')
  time.advance(59000)
  assert.equal(last().road, 'post')
  time.advance(2000)
  assert.equal(last().road, 'websocket')
  // It fails again: POST goes on, and the next try comes later.
  last().handlers.closed('gone')
  time.advance(0)
  assert.equal(last().road, 'post')
  last().handlers.opened()
  link.settled()
  const had = made.length
  time.advance(100000)
  assert.equal(made.length, had)
  time.advance(22000)
  assert.equal(last().road, 'websocket')
  last().handlers.opened()
  link.settled()
  assert.equal(link.road, 'websocket')
})

test('a half-open socket is noticed within thirty seconds', () => {
  const { link, time, last, log } = fixture()
  link.start()
  last().handlers.opened()
  last().handlers.message(new Uint8Array())
  link.settled()
  time.advance(20000)
  assert.equal(last().sent, 1)
  time.advance(10000)
  assert.ok(log.includes('closed'))
})

test('after a sleep the socket is a zombie', () => {
  const { link, time, made, last } = fixture()
  link.start()
  last().handlers.opened()
  last().handlers.message(new Uint8Array())
  link.settled()
  link.hidden()
  time.advance(16000)
  link.visible()
  assert.equal(made[0].closed, true)
  time.advance(749)
  assert.equal(made.length, 1)
  time.advance(1)
  assert.equal(made.length, 2)
})

test('a server that says bye is left alone for as long as it says', () => {
  const { link, time, made, last } = fixture()
  link.start()
  last().handlers.opened()
  link.settled()
  link.bye(5000, 3000)
  time.advance(7999)
  assert.equal(made.length, 1)
  time.advance(1)
  assert.equal(made.length, 2)
})

test('what was meant for one connection is not said on the next', () => {
  const { link, time, last } = fixture({ only: 'websocket' })
  link.start()
  last().handlers.opened()
  link.reconnect()
  time.advance(0)
  last().handlers.opened()
  link.send([new Uint8Array([1])], 1)
  assert.equal(last().sent, 0)
})

/** @type {(() => void)[]} */
const cleanUps = []
after(() => cleanUps.forEach((work) => work()))

/** @param {import('node:http').RequestListener} answer @returns {Promise<string>} */
const httpServer = (answer) =>
  new Promise((resolve) => {
    const server = createHttp(answer)
    cleanUps.push(() => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {any} */ (server.address())
      resolve(`http://127.0.0.1:${port}`)
    })
  })

/** @param {string} url @returns {Promise<string>} */
const postEnds = (url) =>
  new Promise((resolve) => {
    const connection = connectPost(url, {
      opened: () => connection.send([new Uint8Array([0x90])]),
      message: () => resolve('message'),
      round: () => resolve('round'),
      closed: resolve,
    })
  })

test('POST: a portal’s page and its redirect are never read', async () => {
  const page = await httpServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<h1>Welcome to our Wi-Fi</h1>')
  })
  assert.equal(await postEnds(page), 'portal')
  const away = await httpServer((_, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:9/' })
    response.end()
  })
  assert.equal(await postEnds(away), 'portal')
  const broken = await httpServer((_, response) => {
    response.writeHead(503)
    response.end()
  })
  assert.equal(await postEnds(broken), 'gone')
})

/** A WebSocket server that writes the frames it is given.
 * @param {(socket: import('node:net').Socket) => void} talk
 * @returns {Promise<string>} */
const socketServer = (talk, accept = true) =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (head) => {
        const key = /Sec-WebSocket-Key: (\S+)/.exec(head.toString())?.[1] ?? ''
        const hash = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64')
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
            'Connection: Upgrade\r\nSec-WebSocket-Protocol: tidemark.1\r\n' +
            `Sec-WebSocket-Accept: ${accept ? hash : 'wrong'}\r\n\r\n`,
        )
        talk(socket)
      })
    })
    cleanUps.push(() => server.close())
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {any} */ (server.address())
      resolve(`http://127.0.0.1:${port}`)
    })
  })

/** @param {string} url @param {number} wanted messages
 * @returns {Promise<{ messages: number[][], end: string }>} */
const listen = (url, wanted) =>
  new Promise((resolve) => {
    /** @type {number[][]} */
    const messages = []
    const connection = connectSocket(url, {
      opened: () => {},
      message: (bytes) => {
        messages.push([...bytes])
        if (messages.length < wanted) return
        connection.close()
        resolve({ messages, end: '' })
      },
      round: () => {},
      closed: (end) => resolve({ messages, end }),
    })
  })

test('WebSocket: fragments, pings between them, and any cut of the bytes', async () => {
  const bytes = Buffer.concat([
    Buffer.from([0x02, 2, 1, 2]), // begins
    Buffer.from([0x89, 1, 9]), // ping
    Buffer.from([0x00, 1, 3]), // goes on
    Buffer.from([0x80, 1, 4]), // ends
    Buffer.from([0x82, 126, 0, 130, ...Array(130).fill(7)]),
  ])
  const url = await socketServer(async (socket) => {
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const { messages } = await listen(url, 2)
  assert.deepEqual(messages, [[1, 2, 3, 4], Array(130).fill(7)])
})

test('WebSocket: what our server would not send ends it', async () => {
  const bad = {
    'a masked frame': [0x82, 0x81, 0, 0, 0, 0, 1],
    'a reserved bit': [0xc2, 1, 1],
    'a length of 2^40': [0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0],
    'a close': [0x88, 2, 0x03, 0xe8],
  }
  for (const [what, frame] of Object.entries(bad)) {
    const url = await socketServer(
      (socket) => void socket.write(Buffer.from(frame)),
    )
    const { messages, end } = await listen(url, 1)
    assert.deepEqual([messages, end], [[], 'gone'], what)
  }
  const liar = await socketServer(() => {}, false)
  assert.equal((await listen(liar, 1)).end, 'gone')
})
