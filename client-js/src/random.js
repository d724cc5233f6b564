// @ts-check
/** Random bytes in a browser; package.json chooses this file or its twin. */

/** @param {number} count @returns {Uint8Array} */
export const randomBytes = (count) =>
  globalThis.crypto.getRandomValues(new Uint8Array(count))
