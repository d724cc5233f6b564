// @ts-check
/**
 * A device that says whatever it is told to, over the real server's roads, and
 * keeps every byte that it was sent. For tests with hostile devices.
 */

import { chainAfter, CHAIN_BYTES } from '../src/hash.js'
import { fromHex, randomBytes } from '../src/id.js'
import { openMessage, readFrames, writeFrames } from '../src/message.js'
import { writeMessage } from '../src/message.js'
import { postSync } from '../src/post.js'
import { connectSocket } from '../src/socket-node.js'

const ANSWER_MS = 5000

/**
 * @typedef {import('../src/message.js').Hello} Hello
 * @typedef {import('../src/message.js').DeviceMessage} DeviceMessage
 * @typedef {import('../src/index.js').Identity} Identity
 */

/** Everything that some device was sent. @param {Uint8Array[]} heard
 * @param {string} text */
export const hasHeard = (heard, text) =>
  heard.some((bytes) => Buffer.from(bytes).includes(text))

/** @param {Identity} identity @param {Partial<Hello>} [other] @returns {Hello} */
export const helloOf = (identity, other) => ({
  type: 'hello',
  protocol: 1,
  nonce: randomBytes(16),
  device: identity.device,
  token: fromHex(identity.token),
  incarnation: 1,
  clock: Date.now(),
  acked: 0,
  chain: new Uint8Array(CHAIN_BYTES),
  timeline: null,
  cursors: [],
  report: { pending: 0, oldest: 0, storageKept: null, appVersion: 'raw' },
  zip: false,
  ...other,
})

/** @param {DeviceMessage | Uint8Array} message */
const toBytes = (message) =>
  message instanceof Uint8Array ? message : writeMessage(message)

/**
 * @param {string} url @param {Uint8Array[]} heard what comes is added
 */
export async function dial(url, heard) {
  /** @type {any[]} */
  const came = []
  let isClosed = false
  /** @type {() => void} */
  let wake = () => {}
  const opened = await new Promise((resolve) => {
    const connection = connectSocket(url, {
      opened: () => resolve(connection),
      message: (bytes) => {
        heard.push(bytes)
        came.push(openMessage(bytes))
        wake()
      },
      round: () => {},
      closed: () => {
        isClosed = true
        wake()
        resolve(connection)
      },
    })
  })

  /** The next message; null when the server has closed instead. */
  async function next() {
    const end = Date.now() + ANSWER_MS
    while (!came.length && !isClosed) {
      const left = end - Date.now()
      if (left <= 0) throw new Error('the server does not answer')
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve(undefined)
        }
      })
    }
    return came.length ? came.shift() : null
  }

  /** The next one of that type. @param {string} type @returns {Promise<any>} */
  async function nextOf(type) {
    for (;;) {
      const message = await next()
      if (!message || message.type === type) return message
      if (message.type === 'error') {
        throw new Error(`${type} expected, not the error ${message.name}`)
      }
    }
  }

  /** @param {readonly (DeviceMessage | Uint8Array)[]} messages */
  const say = (...messages) => opened.send(messages.map(toBytes))

  return {
    say,
    next,
    nextOf,
    /** What a hostile message brings: an error's name and detail, and whether
     * the server has closed. */
    refusal: async () => {
      const { name, detail } = (await nextOf('error')) ?? { name: null }
      // A BEAT has an answer as long as the conversation goes on.
      if (name && !isClosed) say({ type: 'beat', waitMs: 0 })
      const after = name ? await nextOf('beaten').catch(() => 'open') : null
      return { name, detail, closed: after === null }
    },
    isClosed: () => isClosed,
    close: () => opened.close(),
  }
}

/** @typedef {Awaited<ReturnType<typeof dial>>} Raw */

/**
 * A device that has said HELLO and is up to date, and pushes what it likes.
 * @param {string} url @param {Uint8Array[]} heard @param {Identity} identity
 * @param {Partial<Hello>} [other]
 */
export async function converse(url, heard, identity, other) {
  const raw = await dial(url, heard)
  raw.say(helloOf(identity, other))
  const welcome = await raw.nextOf('welcome')
  await raw.nextOf('checkpoint')
  /** @type {Uint8Array} */
  let chain = new Uint8Array(CHAIN_BYTES)
  let seq = welcome.seq

  return {
    ...raw,
    welcome,
    /** The number of a bucket. @param {string} name @returns {number} */
    bucket: (name) =>
      welcome.scope.find((/** @type {any} */ one) => one.name === name)?.bucket,
    seq: () => seq,
    chain: () => chain,
    /** What the server makes of one change. @param {Uint8Array} change
     * @returns {Promise<import('../src/message.js').Outcome>} */
    push: async (change) => {
      raw.say({ type: 'push', first: ++seq, changes: [change] })
      chain = chainAfter(chain, change)
      for (;;) {
        const update = await raw.nextOf('update')
        if (!update) throw new Error('the server has closed')
        if (update.outcomes.length) return update.outcomes[0]
      }
    },
  }
}

/**
 * @param {string} url @param {Uint8Array[]} heard
 * @param {readonly (DeviceMessage | Uint8Array)[]} messages
 * @returns {Promise<any[]>} the answer's messages; [status] when there is none
 */
export async function post(url, heard, ...messages) {
  return postBytes(url, heard, writeFrames(messages.map(toBytes)))
}

/** @param {string} url @param {Uint8Array[]} heard @param {Uint8Array} body
 * @returns {Promise<any[]>} */
export async function postBytes(url, heard, body) {
  const response = await postSync(url, body, AbortSignal.timeout(ANSWER_MS))
  const bytes = new Uint8Array(await response.arrayBuffer())
  heard.push(bytes)
  if (response.status !== 200) return [response.status]
  return Promise.all(readFrames(bytes).map(openMessage))
}
