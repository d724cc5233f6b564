// @ts-check
/** Random bytes in Node, where version 18 has no global crypto. */
import { randomFillSync } from 'node:crypto'

/** @param {number} count @returns {Uint8Array} */
export const randomBytes = (count) => randomFillSync(new Uint8Array(count))
