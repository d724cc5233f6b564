// @ts-check
/**
 * The WebSocket road, in a browser. socket-node.js is its twin for Node;
 * package.json chooses (`#socket`).
 *
 * A *connection* of either road sends whole messages and tells its handlers:
 *
 * @typedef {object} Handlers
 * @property {() => void} opened
 * @property {(bytes: Uint8Array) => void} message  one message
 * @property {() => void} round   POST: the answer is complete
 * @property {(why: 'gone' | 'portal') => void} closed  always the last, once;
 *   not after close()
 *
 * @typedef {object} Connection
 * @property {(messages: readonly Uint8Array[]) => void} send
 * @property {() => void} interrupt  POST: end a held answer, begin a new round
 * @property {() => void} close      at once, without a word more
 */

export const SUBPROTOCOL = 'tidemark.1'

/** @param {string} url of the server, http or https @returns {string} */
export function socketUrl(url) {
  const at = new URL('/sync', url)
  at.protocol = at.protocol === 'https:' ? 'wss:' : 'ws:'
  return at.href
}

/** @param {string} url @param {Handlers} handlers @returns {Connection} */
export function connectSocket(url, handlers) {
  const socket = new WebSocket(socketUrl(url), SUBPROTOCOL)
  socket.binaryType = 'arraybuffer'
  let isOver = false

  function end() {
    if (isOver) return
    isOver = true
    handlers.closed('gone')
  }

  socket.onopen = () => {
    if (!isOver) handlers.opened()
  }
  socket.onmessage = ({ data }) => {
    if (isOver || typeof data === 'string') return
    handlers.message(new Uint8Array(data))
  }
  socket.onerror = end
  socket.onclose = end
  return {
    send: (messages) => {
      if (isOver || socket.readyState !== WebSocket.OPEN) return
      for (const message of messages) socket.send(message)
    },
    interrupt: () => {},
    close: () => {
      isOver = true
      socket.close()
    },
  }
}
