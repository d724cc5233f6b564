/* global VERSION, FILES */
/**
 * The service worker: both faces start without a network. A build is installed
 * whole or not at all (each file must have the SHA-256 that the build listed),
 * takes over only when a person says so, and the build before it stays, since
 * a page that still runs it may yet ask for its files. /sync is never touched.
 */
const CACHE = `tidemark-${VERSION}`

async function fetched([url, integrity]) {
  const request = new Request(url, {
    integrity,
    cache: 'no-cache',
    credentials: 'omit',
    redirect: 'error',
  })
  const reply = await fetch(request)
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`)
  return reply
}

async function install() {
  try {
    const cache = await caches.open(CACHE)
    await Promise.all(
      FILES.map(async (file) => cache.put(file[0], await fetched(file))),
    )
  } catch (error) {
    await caches.delete(CACHE)
    throw error
  }
}

async function activate() {
  const old = (await caches.keys()).filter(
    (name) => name.startsWith('tidemark-') && name !== CACHE,
  )
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)))
  await self.clients.claim()
}

async function answer(request, url) {
  if (request.mode === 'navigate') {
    const face = url.pathname.startsWith('/console')
      ? '/console/index.html'
      : '/index.html'
    return (await caches.match(face, { cacheName: CACHE })) ?? fetch(request)
  }
  // Another build's cache is for its own pages, which may still be open.
  return (
    (await caches.match(request, { ignoreSearch: true, cacheName: CACHE })) ??
    (await caches.match(request, { ignoreSearch: true })) ??
    fetch(request)
  )
}

self.addEventListener('install', (event) => event.waitUntil(install()))
self.addEventListener('activate', (event) => event.waitUntil(activate()))
self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname === '/sync') return
  event.respondWith(answer(request, url))
})
self.addEventListener('message', (event) => {
  if (event.data === 'activate') self.skipWaiting()
})
