// @ts-check
/**
 * A disk that fails on demand: tests/preload/faults.c, loaded into the real
 * server, and this hand on its control file.
 *
 *     const disk = makeDisk(trust)
 *     const server = await startServer(trust, { env: disk.env })
 *     disk.set({ write: 'ENOSPC' })       // from now on, until
 *     disk.set({})                        // the disk is well again
 */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { program } from './server.js'

/** The order of struct control, in 32-bit words. */
const KINDS = /** @type {const} */ (['write', 'truncate', 'sync', 'open'])
const SKIP = 4
const SHORT_BYTES = 8
const KILL_AT = 9
const TORN = 10
const TIMES = 11
const OURS = 12
const FAILED = 16
const AFTER_SYNC = 20
const WORDS = 21
const BYTES = 4096

/** Where the library is, if it has been built. */
export const library = () => path.join(path.dirname(program()), 'faults.so')

/**
 * @typedef {(typeof KINDS)[number]} Kind
 * @typedef {'ENOSPC' | 'EDQUOT' | 'EIO'} ErrorName
 * @typedef {Partial<Record<Kind, ErrorName>> & { skip?: number,
 *   times?: number, shortBytes?: number, killAt?: number, torn?: boolean }} Faults
 *   skip: so many calls of each failing kind still work first; times: so many
 *   errors, then all is well; killAt: the
 *   process dies instead of the n-th call; torn: in the middle of it
 */

/** @param {import('./server.js').Trust} trust */
export function makeDisk(trust) {
  const file = path.join(trust.folder, 'faults')
  fs.writeFileSync(file, new Uint8Array(BYTES))

  /** @returns {number[]} */
  function read() {
    const bytes = fs.readFileSync(file)
    return Array.from({ length: WORDS }, (_, i) => bytes.readUInt32LE(4 * i))
  }

  /** @param {readonly number[]} words */
  function write(words) {
    const bytes = Buffer.alloc(4 * words.length)
    words.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i))
    const to = fs.openSync(file, 'r+')
    fs.writeSync(to, bytes, 0, bytes.length, 0)
    fs.closeSync(to)
  }

  return {
    env: {
      LD_PRELOAD: library(),
      FAULTS_CONTROL: file,
      FAULTS_FOLDER: fs.realpathSync(trust.data),
      // The sanitizer wants to be loaded first; it may come second.
      ASAN_OPTIONS: 'verify_asan_link_order=0',
    },
    /** @param {Faults} faults */
    set: (faults) => {
      const words = Array.from({ length: OURS }, () => 0)
      KINDS.forEach((kind, i) => {
        const name = faults[kind]
        words[i] = name ? os.constants.errno[name] : 0
        words[SKIP + i] = faults.skip ?? 0
      })
      words[SHORT_BYTES] = faults.shortBytes ?? 0
      words[KILL_AT] = faults.killAt ?? 0
      words[TORN] = faults.torn ? 1 : 0
      words[TIMES] = faults.times ?? 0
      write(words)
    },
    /** What has happened so far. */
    figures: () => {
      const words = read()
      const [writes, truncates, syncs, opens] = words.slice(OURS, FAILED)
      return {
        calls: writes + truncates + syncs,
        opens,
        syncs,
        failed: words.slice(FAILED, AFTER_SYNC).reduce((a, b) => a + b, 0),
        afterSync: words[AFTER_SYNC],
      }
    },
  }
}

/** @typedef {ReturnType<typeof makeDisk>} Disk */
