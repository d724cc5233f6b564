/* The server's transport, told things that no decent client says. It drives
 * ws_echo (tests/tools), which must have been built, best with the sanitizers:
 * any finding of theirs ends it, and the exit code is checked. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  answerOf,
  connect,
  findTool,
  frameOf,
  handshake,
  startEcho,
  wait,
  within,
  wrap,
} from './wire.js'

const skip = findTool('ws_echo') ? false : 'ws_echo has not been built'

/** An echo server around a group of tests; its end is checked. */
function withEcho(options = []) {
  const box = {}
  before(async () => {
    box.echo = await startEcho(
      typeof options === 'function' ? options() : options,
    )
  })
  after(async () => {
    assert.equal(await box.echo.stop(), 0, box.echo.log)
    assert.doesNotMatch(box.echo.log, /Sanitizer|runtime error/)
  })
  return box
}

/** Another client is served within a second, whatever goes on. */
async function othersAreServed(echo) {
  const socket = await within(echo.open(), 1000)
  socket.frame({ payload: Buffer.from('still here') })
  assert.equal(String(await socket.message(1000)), 'still here')
  socket.end()
}

describe('handshake', { skip }, () => {
  const box = withEcho(['--host', '127.0.0.1'])
  const status = async (changes, first) => {
    const { echo } = box
    const answer = await echo.ask(handshake(echo.port, changes, first))
    return answer?.status ?? 'closed'
  }

  test('a good one is accepted', async () => {
    assert.equal(await status({}), 101)
    assert.equal(await status({ Connection: 'keep-alive, Upgrade' }), 101)
    assert.equal(await status({ Upgrade: 'WebSocket' }), 101)
    assert.equal(
      await status({ 'Sec-WebSocket-Protocol': 'x, tidemark.1' }),
      101,
    )
  })

  test('permessage-deflate is never agreed to', async () => {
    const { echo } = box
    const answer = await echo.ask(
      handshake(echo.port, {
        'Sec-WebSocket-Extensions': 'permessage-deflate',
      }),
    )
    assert.equal(answer.status, 101)
    assert.equal(answer.headers['sec-websocket-extensions'], undefined)
    assert.equal(answer.headers['sec-websocket-protocol'], 'tidemark.1')
  })

  test('what is missing or wrong is refused', async () => {
    assert.equal(await status({ 'Sec-WebSocket-Version': '8' }), 426)
    assert.equal(await status({ 'Sec-WebSocket-Version': null }), 426)
    assert.equal(await status({ 'Sec-WebSocket-Key': null }), 400)
    assert.equal(await status({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), 400)
    assert.equal(await status({ 'Sec-WebSocket-Key': 'A'.repeat(200) }), 400)
    assert.equal(await status({ 'Sec-WebSocket-Protocol': null }), 400)
    assert.equal(await status({ 'Sec-WebSocket-Protocol': 'other' }), 400)
    assert.equal(await status({ Connection: 'keep-alive' }), 400)
    assert.equal(await status({}, 'GET /sync HTTP/1.0'), 400)
    assert.equal(await status({}, 'GET /elsewhere HTTP/1.1'), 404)
    assert.equal(await status({}, 'POST /sync HTTP/1.1'), 405)
  })

  test('only its own origin may speak to it', async () => {
    const own = `http://127.0.0.1:${box.echo.port}`
    assert.equal(await status({ Origin: own }), 101)
    for (const origin of [
      'null',
      'http://evil.example',
      `${own}.evil.example`,
      `${own}0`,
      'http://127.0.0.1',
      `https://127.0.0.1:${box.echo.port}`,
      `http://evil.example/${own}`,
      'file://',
    ])
      assert.equal(await status({ Origin: origin }), 403, origin)
    assert.equal(
      await status({
        Origin: `https://127.0.0.1:${box.echo.port}`,
        'X-Forwarded-Proto': 'https',
      }),
      101,
    )
  })

  test('a foreign host is refused', async () => {
    assert.equal(await status({ Host: 'evil.example' }), 421)
    assert.equal(await status({ Host: '127.0.0.1.evil.example' }), 421)
    assert.equal(await status({ Host: null }), 400)
    assert.notEqual(await status({ Host: 'a b' }), 101)
  })

  test('no other protocol is switched to', async () => {
    for (const upgrade of ['h2c', 'websocket2', 'TLS/1.0', 'web', ''])
      assert.notEqual(
        await status({
          Upgrade: upgrade,
          'HTTP2-Settings': 'AAMAAABkAAQAAP__',
          Connection: 'Upgrade, HTTP2-Settings',
        }),
        101,
        upgrade,
      )
    const { echo } = box
    const connection = connect(echo.port)
    connection.write('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await connection.closed()
    const preface = connect(echo.port)
    preface.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    await preface.closed()
  })

  test('a head that never ends is not waited for, and does not grow', async () => {
    const { echo } = box
    const connection = connect(echo.port)
    connection.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    for (let i = 0; i < 64 && !connection.ended; i++) {
      connection.write(`X-Filler-${i}: ${'x'.repeat(1000)}\r\n`)
      await wait(1)
    }
    await connection.closed(4000)
    await othersAreServed(echo)
  })

  test('half handshakes do not keep others out', async () => {
    const { echo } = box
    const half = Array.from({ length: 100 }, () => connect(echo.port))
    for (const connection of half) connection.write('GET /sync HT')
    await wait(100)
    await othersAreServed(echo)
    for (const connection of half) connection.end()
  })
})

describe('frames', { skip }, () => {
  const box = withEcho(['--message-ms', '800'])

  test('messages of every length class come back whole', async () => {
    const socket = await box.echo.open()
    for (const size of [0, 1, 125, 126, 4096, 65535, 65536, 300000, 1 << 20]) {
      const payload = Buffer.alloc(size, size & 255)
      socket.frame({ payload })
      assert.deepEqual(await socket.message(5000), payload, `${size} bytes`)
    }
    socket.end()
  })

  test('fragments are put together, with pings between them', async () => {
    const socket = await box.echo.open()
    socket.frame({ payload: Buffer.from('one '), fin: false })
    socket.frame({ opcode: 9, payload: Buffer.from('alive?') })
    socket.frame({ payload: Buffer.from('two '), fin: false, opcode: 0 })
    socket.frame({ fin: false, opcode: 0 })
    socket.frame({ payload: Buffer.from('three'), opcode: 0 })
    const pong = await socket.next()
    assert.equal(pong.opcode, 10)
    assert.equal(String(pong.payload), 'alive?')
    assert.equal(String(await socket.message()), 'one two three')
    socket.end()
  })

  test('a frame that comes byte by byte is read', async () => {
    const socket = await box.echo.open()
    socket.socket.setNoDelay(true)
    for (const byte of frameOf({ payload: Buffer.from('slow but well') })) {
      socket.write(Buffer.from([byte]))
      await wait(2)
    }
    assert.equal(String(await socket.message()), 'slow but well')
    socket.end()
  })

  test('a message over the cap is refused before it has come', async () => {
    for (const length of [(1 << 20) + 1, 2 ** 32, 2 ** 40, 2 ** 53]) {
      const socket = await box.echo.open()
      socket.frame({ length, payload: Buffer.alloc(1000) })
      assert.equal(await socket.closeCode(), 1009, `${length}`)
      socket.end()
    }
    await othersAreServed(box.echo)
  })

  test('… also when it comes in fragments', async () => {
    const socket = await box.echo.open()
    const payload = Buffer.alloc(300000)
    socket.frame({ payload, fin: false })
    for (let i = 0; i < 3; i++) socket.frame({ payload, fin: false, opcode: 0 })
    assert.equal(await socket.closeCode(), 1009)
    socket.end()
  })

  test('endless fragments are refused', async () => {
    const socket = await box.echo.open()
    socket.frame({ fin: false, payload: Buffer.from('x') })
    const empty = frameOf({ fin: false, opcode: 0 })
    socket.write(Buffer.concat(Array.from({ length: 1100 }, () => empty)))
    assert.equal(await socket.closeCode(), 1008)
    socket.end()
  })

  test('a message that stalls is given up', async () => {
    const socket = await box.echo.open()
    socket.frame({ length: 1000, payload: Buffer.alloc(10) })
    assert.equal(await socket.closeCode(), 1008)
    const dribbler = await box.echo.open()
    dribbler.frame({ fin: false, payload: Buffer.from('a') })
    const timer = setInterval(
      () =>
        dribbler.frame({ fin: false, opcode: 0, payload: Buffer.from('b') }),
      50,
    )
    assert.equal(await dribbler.closeCode(), 1008)
    clearInterval(timer)
    dribbler.end()
    socket.end()
  })

  test('text is not spoken here', async () => {
    const socket = await box.echo.open()
    socket.frame({ opcode: 1, payload: Buffer.from('hello') })
    assert.equal(await socket.closeCode(), 1003)
    socket.end()
  })

  test('what RFC 6455 forbids ends the connection', async () => {
    const bad = {
      'reserved opcode 3': { opcode: 3 },
      'reserved opcode 11': { opcode: 11 },
      'reserved bit 1': { reserved: 0x40, payload: Buffer.from('x') },
      'reserved bit 2': { reserved: 0x20, payload: Buffer.from('x') },
      'continuation of nothing': { opcode: 0, payload: Buffer.from('x') },
      'a ping in fragments': { opcode: 9, fin: false },
      'a ping over 125 bytes': { opcode: 9, payload: Buffer.alloc(126) },
    }
    for (const [what, frame] of Object.entries(bad)) {
      const socket = await box.echo.open()
      socket.frame(frame)
      const code = await socket.closeCode()
      assert.ok(code === 1002 || code === 'gone', `${what}: ${code}`)
      socket.end()
    }
    const twice = await box.echo.open()
    twice.frame({ fin: false, payload: Buffer.from('x') })
    twice.frame({ payload: Buffer.from('y') })
    assert.equal(await twice.closeCode(), 1002)
    twice.end()
    await othersAreServed(box.echo)
  })

  test('a good close is returned, a bad one is a protocol error', async () => {
    const close = async (payload) => {
      const socket = await box.echo.open()
      socket.frame({ opcode: 8, payload })
      const code = await socket.closeCode()
      await socket.closed()
      return code
    }
    const code = (number) => Buffer.from([number >> 8, number & 255])
    assert.equal(await close(code(1000)), 1000)
    assert.equal(await close(code(4999)), 4999)
    assert.equal(await close(Buffer.alloc(0)), 'none')
    for (const number of [
      0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535,
    ]) {
      const answer = await close(code(number))
      assert.ok(answer === 1002 || answer === 'gone', `${number}: ${answer}`)
    }
    const short = await close(Buffer.from([3]))
    assert.ok(short === 1002 || short === 'gone', `${short}`)
    const words = await close(Buffer.from([3, 232, 0xff, 0xfe]))
    assert.notEqual(words, 1000)
  })
})

describe('silence and slowness', { skip }, () => {
  const box = withEcho([
    '--idle-ms',
    '1200',
    '--flood',
    String(16 << 20),
    '--message-ms',
    '1000',
  ])

  test('a peer that answers pings stays, one that does not goes', async () => {
    const alive = await box.echo.open()
    const dead = await box.echo.open()
    const started = Date.now()
    for (let i = 0; i < 3; i++) {
      const ping = await alive.next(2000)
      assert.equal(ping.opcode, 9)
      alive.frame({ opcode: 10, payload: ping.payload })
    }
    await dead.closed(3000)
    assert.ok(Date.now() - started < 3000)
    assert.equal(alive.ended, false)
    alive.end()
  })

  test('a slow reader is closed as slow, while others are served', async () => {
    const slow = await box.echo.open()
    slow.socket.pause()
    slow.frame({ payload: Buffer.from('!') })
    await wait(100)
    await othersAreServed(box.echo)
    slow.socket.resume()
    assert.equal(await slow.closeCode(6000), 4001)
    slow.end()
  })

  test('one that never reads is gone soon', async () => {
    const stuck = await box.echo.open()
    stuck.socket.pause()
    stuck.frame({ payload: Buffer.from('!') })
    await wait(300)
    for (let i = 0; i < 8; i++) {
      await othersAreServed(box.echo)
      await wait(700)
    }
    assert.match(box.echo.log, /event=peer_slow/)
    stuck.socket.resume()
    const code = await stuck.closeCode(3000)
    assert.ok(code === 'gone' || code === 4001)
  })

  test('a sender that does not read is not read from', async () => {
    const greedy = await box.echo.open()
    greedy.socket.pause()
    const payload = Buffer.alloc(60000, 7)
    for (let i = 0; i < 300; i++) greedy.frame({ payload })
    await wait(200)
    greedy.socket.resume()
    for (let i = 0; i < 300; i++)
      assert.equal((await greedy.message(5000))?.length, 60000, `${i}`)
    greedy.end()
  })
})

describe('requests', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-files-'))
  const style = 'body{color:#123}'.repeat(200)
  mkdirSync(join(folder, 'files/console'), { recursive: true })
  mkdirSync(join(folder, 'files/assets'))
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  const put = (name, content) =>
    writeFileSync(join(folder, 'files', name), content)
  put('index.html', '<!doctype html><title>t</title>')
  put('console/index.html', '<!doctype html><title>c</title>')
  put('sw.js', 'self')
  put('empty.txt', '')
  put('.hidden', 'hidden')
  put('assets/app-0123abcd.css', style)
  put('assets/app-0123abcd.css.gz', gzipSync(style))
  put('assets/plain.css', style)
  put('assets/big-0123abcd.bin', Buffer.alloc(3 << 20, 5))
  symlinkSync('../secret.txt', join(folder, 'files/link.txt'))
  symlinkSync('..', join(folder, 'files/up'))
  after(() => rmSync(folder, { recursive: true }))
  const box = withEcho(() => [
    '--files',
    join(folder, 'files'),
    '--peers',
    '400',
  ])

  const get = (path, headers = {}, method = 'GET') => {
    const lines = Object.entries({ Host: 'tablet.example', ...headers })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${value}\r\n`)
    return box.echo.ask(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, {
      method,
    })
  }

  test('folders, files and pages', async () => {
    const home = await get('/')
    assert.equal(home.status, 200)
    assert.equal(home.headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(home.headers['cache-control'], 'no-cache')
    for (const path of ['/console', '/console/', '/console/index.html'])
      assert.match(String((await get(path)).body), /<title>c</, path)
    assert.equal((await get('/empty.txt')).status, 200)
    assert.equal(String((await get('/healthz')).body), 'ok\n')
    assert.equal((await get('/?a=b&c=%2e')).status, 200)
    const big = await get('/assets/big-0123abcd.bin')
    assert.equal(big.body.length, 3 << 20)
    assert.ok(big.body.every((byte) => byte === 5))
  })

  test('hashed names may be kept, others are asked for again', async () => {
    const hashed = await get('/assets/app-0123abcd.css')
    assert.match(hashed.headers['cache-control'], /max-age=31536000, immutable/)
    const plain = await get('/assets/plain.css')
    assert.equal(plain.headers['cache-control'], 'no-cache')
    const again = await get('/assets/plain.css', {
      'If-None-Match': `"x", W/${plain.headers.etag}`,
    })
    assert.equal(again.status, 304)
    assert.equal(again.headers.etag, plain.headers.etag)
    const other = await get('/assets/plain.css', { 'If-None-Match': '"x"' })
    assert.equal(other.status, 200)
  })

  test('compressed forms go to those who take them', async () => {
    const path = '/assets/app-0123abcd.css'
    const plain = await get(path)
    const packed = await get(path, { 'Accept-Encoding': 'br, gzip;q=0.5' })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.deepEqual(packed.body, gzipSync(style))
    assert.equal(packed.headers.vary, 'accept-encoding')
    assert.notEqual(packed.headers.etag, plain.headers.etag)
    const refused = await get(path, { 'Accept-Encoding': 'gzip;q=0' })
    assert.equal(refused.headers['content-encoding'], undefined)
    assert.equal((await get(`${path}.gz`)).status, 404)
  })

  test('HEAD says what GET would send', async () => {
    const whole = await get('/assets/plain.css')
    const head = await get('/assets/plain.css', {}, 'HEAD')
    assert.equal(head.status, 200)
    assert.equal(head.body.length, 0)
    assert.equal(head.headers['content-length'], String(whole.body.length))
    assert.equal(head.headers.etag, whole.headers.etag)
  })

  test('nothing outside the folder, no link, no dot file', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/..\\secret.txt',
      '/....//secret.txt',
      '/link.txt',
      '/up/secret.txt',
      '/.hidden',
      '//etc/passwd',
      '/%00/index.html',
      '/index.html%00.txt',
      '/console//index.html/..',
      '/%252e%252e/secret.txt',
    ]) {
      const answer = await get(path)
      assert.ok(
        !answer ||
          [400, 403, 404].includes(answer.status) ||
          !/secret|hidden|root:/.test(String(answer.body)),
        path,
      )
      assert.doesNotMatch(String(answer?.body), /secret|hidden|root:/, path)
    }
  })

  test('every answer protects the page', async () => {
    const answers = [
      await get('/'),
      await get('/nothing'),
      await get('/healthz'),
      await get('/', { Host: null }),
      await get('/', {}, 'DELETE'),
      await post({ body: Buffer.from('x') }),
    ]
    for (const { headers } of answers) {
      assert.match(
        headers['content-security-policy'],
        /^default-src 'none'; script-src 'self';/,
      )
      assert.match(
        headers['content-security-policy'],
        /trusted-types tidemark-sw$/,
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      assert.match(headers['permissions-policy'], /camera=\(self\)/)
      assert.equal(headers['strict-transport-security'], undefined)
    }
    assert.match(
      answers[0].headers['content-security-policy'],
      /connect-src 'self' ws:\/\/tablet\.example;/,
    )
    const proxied = await get('/', { 'X-Forwarded-Proto': 'https' })
    assert.match(proxied.headers['strict-transport-security'], /max-age/)
  })

  test('every path and method is answered', async () => {
    assert.equal((await get('/sync')).status, 426)
    assert.equal((await get('/nothing')).status, 404)
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await get('/', {}, method)
      assert.equal(answer.status, 405, method)
      assert.equal(answer.headers.allow, 'GET, HEAD, POST')
    }
    const unknown = await get('/', {}, 'BREW')
    assert.ok(!unknown || unknown.status === 403)
    assert.equal((await get('/', { Host: null })).status, 400)
    assert.equal((await get('/', { 'Content-Length': '5' })).status, 400)
    assert.equal((await get('/', { 'Content-Length': '-5' })).status, 400)
  })

  test('one connection carries many requests', async () => {
    const connection = connect(box.echo.port)
    for (let i = 0; i < 5; i++) {
      connection.write('GET /console HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal((await answerOf(connection)).status, 200)
      connection.write(postText({ body: Buffer.from(`turn ${i}`) }))
      assert.equal(String((await answerOf(connection)).body), `turn ${i}`)
      connection.write('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal((await answerOf(connection)).status, 404)
    }
    connection.end()
  })

  function postText({ body = Buffer.alloc(0), path = '/sync', headers = {} }) {
    const all = {
      Host: 'tablet.example',
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(body.length),
      ...headers,
    }
    const lines = Object.entries(all)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
    return Buffer.concat([Buffer.from(head), body])
  }
  const post = (parts) => box.echo.ask(postText(parts))

  test('a POST comes back, up to 1 MiB', async () => {
    for (const size of [0, 1, 1000, 70000, 1 << 20]) {
      const body = Buffer.alloc(size, 3)
      const answer = await post({ body })
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, body)
    }
  })

  test('over the cap it is refused, and the refusal arrives', async () => {
    const body = Buffer.alloc((1 << 20) + 1)
    assert.equal((await post({ body })).status, 413)
    const huge = { 'Content-Length': '1099511627776' }
    assert.equal(
      (await post({ body: Buffer.alloc(500000), headers: huge })).status,
      413,
    )
  })

  test('a POST that says too little, or too much, is refused', async () => {
    const body = Buffer.from('body')
    const status = async (headers, path) =>
      (await post({ body, path, headers })).status
    assert.equal(await status({ 'Content-Length': null }), 411)
    assert.equal(
      await status({ 'Content-Length': null, 'Transfer-Encoding': 'chunked' }),
      411,
    )
    assert.equal(await status({ 'Transfer-Encoding': 'chunked' }), 411)
    assert.equal(await status({ 'Content-Length': '4, 4' }), 400)
    assert.equal(await status({ 'Content-Length': '0x4' }), 400)
    assert.equal(await status({ 'Content-Type': 'text/plain' }), 415)
    assert.equal(await status({ 'Content-Type': null }), 415)
    assert.equal(await status({ Origin: 'http://evil.example' }), 403)
    assert.equal(await status({ Origin: 'null' }), 403)
    assert.equal(await status({ Origin: 'http://tablet.example' }), 200)
    assert.equal(await status({}, '/other'), 404)
  })

  test('a client that waits for 100 is told to go on', async () => {
    const connection = connect(box.echo.port)
    const headers = { Expect: '100-continue', 'Content-Length': '4' }
    connection.write(postText({ headers }))
    assert.equal((await answerOf(connection)).status, 100)
    connection.write('body')
    assert.equal(String((await answerOf(connection)).body), 'body')
    connection.end()
  })

  test('a page that is not read does not keep the processor busy', async () => {
    const connection = connect(box.echo.port)
    connection.socket.pause()
    const ask = 'GET /assets/big-0123abcd.bin HTTP/1.1\r\nHost: a\r\n\r\n'
    connection.write(ask.repeat(4))
    await wait(1500)
    const ticks = () =>
      execFileSync('cat', [`/proc/${box.echo.child.pid}/stat`])
        .toString()
        .replace(/.*\) /, '')
        .split(' ')
        .slice(11, 13)
        .reduce((sum, value) => sum + Number(value), 0)
    const started = ticks()
    await wait(1000)
    const busy = ticks() - started
    assert.ok(busy < 30, `${busy} ticks of 10 ms in one second`)
    await othersAreServed(box.echo)
    connection.socket.resume()
    for (let i = 0; i < 4; i++) {
      const answer = await answerOf(connection, { ms: 8000 })
      assert.equal(answer.body.length, 3 << 20)
    }
    connection.end()
  })

  test('200 connections at once are all served', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 200 }, () => box.echo.open()),
    )
    await Promise.all(
      sockets.map(async (socket, i) => {
        socket.frame({ payload: Buffer.from(`peer ${i}`) })
        assert.equal(String(await socket.message(5000)), `peer ${i}`)
      }),
    )
    for (const socket of sockets) socket.end()
  })
})

describe('limits and the end', { skip }, () => {
  test('above the number of peers, newcomers are told to come back', async () => {
    const echo = await startEcho(['--peers', '3'])
    const sockets = await Promise.all([echo.open(), echo.open(), echo.open()])
    const answer = await echo.ask(handshake(echo.port))
    assert.equal(answer.status, 503)
    assert.ok(Number(answer.headers['retry-after']) > 0)
    sockets[0].end()
    await wait(100)
    const late = await echo.open()
    assert.ok(late)
    for (const socket of [...sockets, late]) socket.end()
    assert.equal(await echo.stop(), 0, echo.log)
  })

  test('SIGTERM sends what is queued, says 1001 and exits 0', async () => {
    const echo = await startEcho(['--flood', String(2 << 20)])
    const idle = await echo.open()
    const busy = await echo.open()
    busy.socket.pause()
    busy.frame({ payload: Buffer.from('!') })
    await wait(200)
    const ended = echo.stop()
    await wait(100)
    busy.socket.resume()
    let bytes = 0
    let frame
    while ((frame = await busy.next(3000)) && frame.opcode !== 8)
      bytes += frame.payload.length
    assert.equal(bytes, 2 << 20)
    assert.equal(frame.payload.readUInt16BE(0), 1001)
    busy.frame({ opcode: 8, payload: frame.payload })
    assert.equal(await idle.closeCode(), 1001)
    idle.frame({ opcode: 8, payload: Buffer.from([3, 233]) })
    assert.equal(await ended, 0, echo.log)
  })

  test('… and does not wait for those who will not go', async () => {
    const echo = await startEcho()
    const deaf = await echo.open()
    deaf.socket.pause()
    const started = Date.now()
    assert.equal(await echo.stop(), 0, echo.log)
    assert.ok(Date.now() - started < 7000)
    deaf.end()
  })

  test('a taken port, a missing folder: exit 1 and a line that says so', async () => {
    const echo = await startEcho()
    await assert.rejects(startEcho(['--port', String(echo.port)]), /exited 1/)
    await assert.rejects(
      startEcho(['--files', '/nowhere']),
      /exited 1: .*event=files_refused path=\/nowhere/s,
    )
    assert.equal(await echo.stop(), 0)
  })
})

const openssl = spawnSync('openssl', ['version']).status === 0

describe('TLS', { skip: skip || (openssl ? false : 'no openssl') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-tls-'))
  const certificate = join(folder, 'certificate.pem')
  const key = join(folder, 'key.pem')
  after(() => rmSync(folder, { recursive: true }))
  const box = withEcho(() => {
    const made = spawnSync('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'.split(
        ' ',
      ),
      ...['-nodes', '-keyout', key, '-out', certificate],
      ...['-days', '2', '-subj', '/CN=localhost'],
    ])
    assert.equal(made.status, 0, String(made.stderr))
    return ['--cert', certificate, '--key', key]
  })
  const secure = (options = {}) => {
    const { port } = box.echo
    const where = { port, host: '127.0.0.1', rejectUnauthorized: false }
    return wrap(tls.connect({ ...where, ...options }))
  }

  test('a WebSocket and a POST over TLS', async () => {
    const { port } = box.echo
    const socket = secure({ ALPNProtocols: ['h2', 'http/1.1'] })
    socket.write(handshake(port, { Origin: `https://127.0.0.1:${port}` }))
    assert.equal((await answerOf(socket)).status, 101)
    assert.equal(socket.socket.alpnProtocol, 'http/1.1')
    const payload = Buffer.alloc(1 << 20, 9)
    socket.write(frameOf({ payload }))
    const back = await socket.until(
      () => (socket.bytes.length > 1 << 20 ? socket.bytes : undefined),
      5000,
    )
    assert.ok(back.length >= payload.length)
    socket.end()
    const page = secure()
    page.write('GET /healthz HTTP/1.1\r\nHost: tablet.example\r\n\r\n')
    const answer = await answerOf(page)
    assert.match(answer.headers['strict-transport-security'], /max-age=/)
    assert.match(
      answer.headers['content-security-policy'],
      /wss:\/\/tablet\.example/,
    )
    page.end()
  })

  test('the plain origin is a foreign one, and plain HTTP not spoken', async () => {
    const { port } = box.echo
    const socket = secure()
    socket.write(handshake(port, { Origin: `http://127.0.0.1:${port}` }))
    assert.equal((await answerOf(socket)).status, 403)
    socket.end()
    const plain = connect(port)
    plain.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal(await answerOf(plain), null)
  })

  test('TLS 1.1 is refused', async () => {
    const old = secure({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
    await old.closed(5000)
    assert.equal(old.socket.getProtocol?.() ?? null, null)
  })
})

describe('mangled bytes', { skip }, () => {
  const box = withEcho(['--message-ms', '500'])

  /** A small generator, so that a seed replays. */
  function randomOf(seed) {
    let state = seed >>> 0 || 1
    return (below) => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) % below
    }
  }

  function mangle(bytes, random) {
    let out = Buffer.from(bytes)
    for (let n = 1 + random(4); n > 0 && out.length; n--) {
      const at = random(out.length)
      const way = random(6)
      if (way === 0) out[at] = random(256)
      else if (way === 1) out[at] ^= 1 << random(8)
      else if (way === 2) out = out.subarray(0, at)
      else if (way === 3)
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + random(9))])
      else if (way === 4)
        out = Buffer.concat([out.subarray(0, at), out.subarray(random(at + 1))])
      else {
        const odd = [
          '\r\n',
          '\0',
          ': ',
          '%',
          '/../',
          'Upgrade: h2c\r\n',
          '\xff',
        ]
        out = Buffer.concat([
          out.subarray(0, at),
          Buffer.from(odd[random(odd.length)], 'latin1'),
          out.subarray(at),
        ])
      }
    }
    return out
  }

  test('thousands of them leave it well', { timeout: 60000 }, async () => {
    const { echo } = box
    const seed = Number(process.env.SEED ?? 1)
    const seconds = Number(process.env.MANGLE_SECONDS ?? 8)
    const random = randomOf(seed)
    const opening = Buffer.from(handshake(echo.port))
    const asks = [
      opening,
      Buffer.from('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'),
      Buffer.from(
        'POST /sync HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Type: application/octet-stream\r\n\r\nbody',
      ),
      Buffer.from(
        'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
      ),
      Buffer.from('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nbytes'),
    ]
    const frames = () =>
      Buffer.concat(
        Array.from({ length: 1 + random(4) }, () =>
          frameOf({
            opcode: [0, 1, 2, 2, 2, 8, 9, 10][random(8)],
            fin: random(4) > 0,
            payload: Buffer.alloc(random(random(2) ? 200 : 40000), random(256)),
          }),
        ),
      )
    const one = async () => {
      const connection = connect(echo.port)
      if (random(2)) {
        connection.write(mangle(asks[random(asks.length)], random))
      } else {
        connection.write(opening)
        connection.write(mangle(frames(), random))
      }
      await wait(random(8))
      if (random(3)) connection.end()
      else connection.socket.resetAndDestroy?.()
      connection.end()
    }
    const until = Date.now() + seconds * 1000
    let count = 0
    while (Date.now() < until) {
      await Promise.all(Array.from({ length: 40 }, one))
      count += 40
    }
    await othersAreServed(echo)
    assert.ok(count >= 1000, `${count} connections, seed ${seed}`)
  })
})
