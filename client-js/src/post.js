// @ts-check
/**
 * The POST road, for networks that break WebSockets: each round is one POST
 * /sync, its body and its answer a run of messages. `send` makes a round; what
 * is sent during one joins the next, right after its HELLO.
 *
 * An answer that is not ours (a redirect, a page) comes from a captive portal:
 * it is never read.
 */

import { readFrames, writeFrames } from './message.js'

/** The first answer of a connection comes at once; later ones the server may
 * hold for 25 s. */
const FIRST_MS = 15000
const ROUND_MS = 40000

/**
 * @typedef {import('./socket.js').Handlers} Handlers
 * @typedef {import('./socket.js').Connection} Connection
 */

/** @param {Response} response */
const isOurs = (response) =>
  response.status === 200 &&
  (response.headers.get('content-type') ?? '').startsWith(
    'application/octet-stream',
  )

/** Sent elsewhere, or a page instead of an answer. @param {Response} response */
const isPortal = (response) =>
  response.type === 'opaqueredirect' ||
  (response.status >= 300 && response.status < 400) ||
  response.status === 511 ||
  (response.status === 200 && !isOurs(response))

/** @param {string} url @param {Uint8Array} body @param {AbortSignal} signal */
export const postSync = (url, body, signal) =>
  fetch(new URL('/sync', url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: /** @type {Uint8Array<ArrayBuffer>} */ (body),
    signal,
    redirect: 'manual',
    cache: 'no-store',
    credentials: 'omit',
  })

/**
 * One question and its answer.
 * @param {string} url @param {readonly Uint8Array[]} messages
 * @param {AbortSignal} signal
 * @returns {Promise<{ messages: Uint8Array[] } | 'portal' | 'gone'>}
 *   portal: what answered is not our server
 */
export async function postOnce(url, messages, signal) {
  try {
    const response = await postSync(url, writeFrames(messages), signal)
    if (isPortal(response)) return 'portal'
    if (!isOurs(response)) return 'gone'
    const body = new Uint8Array(await response.arrayBuffer())
    return { messages: readFrames(body) }
  } catch {
    return 'gone'
  }
}

/** @param {string} url @param {Handlers} handlers @returns {Connection} */
export function connectPost(url, handlers) {
  let isOver = false
  /** @type {AbortController | null} */
  let busy = null
  let isInterrupted = false
  let isFirst = true
  /** @type {Uint8Array[]} */
  let extra = []

  /** @param {readonly Uint8Array[]} messages */
  async function round([hello, ...rest]) {
    const abort = new AbortController()
    const all = [hello, ...extra, ...rest]
    extra = []
    busy = abort
    isInterrupted = false
    const timer = setTimeout(() => abort.abort(), isFirst ? FIRST_MS : ROUND_MS)
    isFirst = false
    const answer = await postOnce(url, all, abort.signal)
    clearTimeout(timer)
    busy = null
    if (isOver) return
    if (typeof answer === 'string') {
      if (isInterrupted) {
        handlers.round()
        return
      }
      isOver = true
      handlers.closed(answer)
      return
    }
    for (const message of answer.messages) {
      if (isOver) return
      handlers.message(message)
    }
    if (!isOver) handlers.round()
  }

  queueMicrotask(() => {
    if (!isOver) handlers.opened()
  })
  return {
    send: (messages) => {
      if (isOver || !messages.length) return
      if (busy) extra.push(...messages)
      else void round(messages)
    },
    interrupt: () => {
      isInterrupted = true
      busy?.abort()
    },
    close: () => {
      isOver = true
      busy?.abort()
    },
  }
}
