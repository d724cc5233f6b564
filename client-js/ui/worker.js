// @ts-check
/**
 * The page's side of the service worker: registers it, and says when a new
 * build is ready. It is used only when the person asks for it, after their
 * work is saved and sync is quiet: a worker cannot take over while the page
 * keeps fetching.
 */
import { signal } from '@preact/signals'

const URL_OF_WORKER = '/sw.js'
const QUIET_MS = 500

/** The new build that waits, if there is one. */
export const update = signal(/** @type {ServiceWorker | null} */ (null))

function workerUrl() {
  const types = /** @type {any} */ (globalThis).trustedTypes
  if (!types) return URL_OF_WORKER
  const policy = types.createPolicy('tidemark-sw', {
    createScriptURL: () => URL_OF_WORKER,
  })
  return policy.createScriptURL('')
}

/** @param {ServiceWorker | null} worker */
function watch(worker) {
  worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed' && navigator.serviceWorker.controller) {
      update.value = worker
    }
  })
}

export async function startWorker() {
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker
    .register(workerUrl(), { updateViaCache: 'none' })
    .catch(() => null) // the app works without it while there is a network
  if (!registration) return
  if (registration.waiting && navigator.serviceWorker.controller) {
    update.value = registration.waiting
  }
  watch(registration.installing)
  registration.addEventListener('updatefound', () =>
    watch(registration.installing),
  )
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) registration.update().catch(() => {})
  })
}

/** Change over to the new build. false: some work is not saved, so it stays.
 *  @param {import('./live.js').Desk} desk */
export async function useUpdate({ tm, drafts }) {
  const worker = update.value
  if (!worker) return true
  if (!(await drafts.flush())) return false
  tm.pause()
  navigator.serviceWorker.addEventListener('controllerchange', () =>
    location.reload(),
  )
  setTimeout(() => worker.postMessage('activate'), QUIET_MS)
  return true
}
