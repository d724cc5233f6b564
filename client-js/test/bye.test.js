// @ts-check
/**
 * A server that is stopped says BYE, and when to come back; its tablets do come
 * back, and not all at once.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { device, makeTrust, removeTrust, startServer, until } from './server.js'

const TABLETS = 16
// As server/core/hub.c says: 2 s, and up to 8 s more.
const RETRY_MS = 2000
const SPREAD_MS = 8000
const SLACK_MS = 2500

test('after a stop the tablets come back spread out', async () => {
  const trust = makeTrust()
  const server = await startServer(trust)
  const { url, port } = server
  const all = []
  for (let n = 0; n < TABLETS; n++) {
    const road = 'websocket'
    all.push(await device(url, n % 2 ? 'TAMSIN' : 'HELEN', { road }))
  }
  for (const tm of all) await tm.sync({ timeout: 20000 })
  const from = Date.now()
  /** @type {number[]} */
  const back = []
  for (const tm of all) {
    let wasAway = false
    const off = tm.on('status', ({ link }) => {
      if (link !== 'online') wasAway = true
      if (!wasAway || link !== 'online') return
      back.push(Date.now() - from)
      off()
    })
  }
  assert.equal(await server.stop(), 0)
  const again = await startServer(trust, { port })
  await until(
    () => back.length === TABLETS,
    'all are back',
    RETRY_MS + SPREAD_MS + SLACK_MS,
  )
  back.sort((a, b) => a - b)
  assert(back[0] >= RETRY_MS, `the first one came after ${back[0]} ms`)
  // Sixteen chances: that they all fall into a quarter never happens.
  const width = back[TABLETS - 1] - back[0]
  assert(width > SPREAD_MS / 4, `they came within ${width} ms`)
  for (const tm of all) await tm.close()
  assert.equal(await again.stop(), 0)
  removeTrust(trust)
})
