// @ts-check
/**
 * Several tabs, one device. Any tab writes changes to the store; the *leader*,
 * who holds the Web Lock, talks to the server. What one tab writes it tells
 * the others, so that all show the same.
 *
 * Where there are no Web Locks (Node, old browsers), or where the store is not
 * shared, the only tab is the leader.
 *
 * @typedef {object} TabsHandlers
 * @property {() => void} lead      we are the leader now, until we close
 * @property {(message: any) => void} heard
 *
 * @typedef {object} Tabs
 * @property {(message: any) => void} tell  all others
 * @property {() => void} close
 */

/** @param {string} name @param {TabsHandlers} handlers @returns {Tabs} */
export function joinTabs(name, handlers) {
  const locks = globalThis.navigator?.locks
  const room = `tidemark:${name}`
  if (!locks || typeof BroadcastChannel !== 'function') return alone(handlers)
  const channel = new BroadcastChannel(room)
  const leave = new AbortController()
  let isOpen = true
  channel.onmessage = ({ data }) => {
    if (isOpen) handlers.heard(data)
  }
  const held = new Promise((resolve) => {
    leave.signal.addEventListener('abort', () => resolve(undefined))
  })
  locks
    .request(room, { signal: leave.signal }, () => {
      if (isOpen) handlers.lead()
      return held
    })
    .catch(() => {}) // we left before it was our turn
  return {
    tell: (message) => {
      if (isOpen) channel.postMessage(message)
    },
    close: () => {
      isOpen = false
      leave.abort()
      channel.close()
    },
  }
}

/** @param {TabsHandlers} handlers @returns {Tabs} */
export function alone(handlers) {
  let isOpen = true
  queueMicrotask(() => {
    if (isOpen) handlers.lead()
  })
  return {
    tell: () => {},
    close: () => {
      isOpen = false
    },
  }
}
