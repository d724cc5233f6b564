// @ts-check
/** The one door from the faces to the client library. */
export { open, enrol, valueAt } from '../src/index.js'
export { indexedDbStore } from '../src/store-indexeddb.js'
