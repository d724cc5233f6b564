// @ts-check
/**
 * Where in the app we are: the part of the address after `#/`, cut at the
 * slashes. `#/visit/ID/evidence/ID` is ['visit', ID, 'evidence', ID].
 */
import { signal } from '@preact/signals'

/** @param {string} hash */
export const parse = (hash) =>
  hash.startsWith('#/')
    ? hash.slice(2).split('/').filter(Boolean).map(decodeURIComponent)
    : []

/** @param {...string} path */
export const to = (...path) => `#/${path.map(encodeURIComponent).join('/')}`

export const route = signal(/** @type {string[]} */ ([]))

/** @param {...string} path */
export function go(...path) {
  location.hash = to(...path)
}

export function startRouting() {
  const read = () => {
    route.value = parse(location.hash)
  }
  addEventListener('hashchange', read)
  read()
}
