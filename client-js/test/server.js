// @ts-check
/**
 * The real server, for black-box tests: made, started, stopped, killed,
 * checked and dumped as its administrator would.
 *
 *     const trust = makeTrust()                  // a fresh demo trust
 *     const server = await startServer(trust)    // resolves at `ready`
 *     … open({ url: server.url, … })
 *     await server.kill()                        // SIGKILL
 *     const again = await startServer(trust, { port: server.port })
 *     await again.stop()                         // SIGTERM: 0 expected
 *     check(trust); dump(trust)
 *     removeTrust(trust)
 *
 * Which program: the environment's TIDEMARK or TIDEMARK_BIN (its path, or its
 * folder's), else the one in build/ that was built last. Everything that is
 * still running or lying about is cleared away when the test's process ends.
 */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { enrol, open } from '../src/index.js'
import { memoryStore } from '../src/store-memory.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY_MS = 20000
const STOP_MS = 20000
// Below the range from which outgoing connections get theirs: a client that
// dials a server that is down must never meet itself.
const PORT_FIRST = 18000
const PORTS = 12000
const STDERR_MOST = 1 << 20

/** @typedef {{ folder: string, data: string }} Trust */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
/** @type {Set<string>} */
const folders = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

/** @param {string} file */
const changedAt = (file) => fs.statSync(file).mtimeMs

/** @returns {string} */
function findProgram() {
  const named = process.env.TIDEMARK ?? process.env.TIDEMARK_BIN
  if (named) {
    const isFolder = fs.statSync(named).isDirectory()
    return path.resolve(named, isFolder ? 'tidemark' : '')
  }
  const build = path.join(ROOT, 'build')
  const names = fs.existsSync(build) ? fs.readdirSync(build) : []
  const [newest] = names
    .map((name) => path.join(build, name, 'bin/tidemark'))
    .filter((file) => fs.existsSync(file))
    .sort((a, b) => changedAt(b) - changedAt(a))
  assert(newest, 'the server has not been built: ./dev build')
  return newest
}

let found = ''
/** The program under test. */
export const program = () => (found ||= findProgram())

/** A folder of this test's own. @returns {string} */
export function makeFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-test-'))
  folders.add(folder)
  return folder
}

/** @param {readonly string[]} args @returns {{ code: number | null,
 *   out: string, err: string }} */
export function tidemark(...args) {
  const ran = spawnSync(program(), args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60000,
    maxBuffer: 1 << 29,
  })
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}

let template = ''

/** A new demo trust: DEMO-TAMSIN and the others may enrol.
 * @returns {Trust} */
export function makeTrust() {
  if (!template) {
    template = path.join(makeFolder(), 'demo')
    const sample = path.join(ROOT, 'schema/sample.json')
    const made = tidemark('init', '--data', template, '--demo', sample)
    assert.equal(made.code, 0, made.err)
  }
  return copyTrust({ folder: '', data: template })
}

/** As it is on the disk now. @param {Trust} from @returns {Trust} */
export function copyTrust(from) {
  const folder = makeFolder()
  const data = path.join(folder, 'data')
  fs.cpSync(from.data, data, { recursive: true })
  return { folder, data }
}

/** @param {Trust} trust */
export function removeTrust({ folder }) {
  fs.rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** @param {number} port @returns {Promise<boolean>} */
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** @returns {Promise<number>} */
async function freePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = PORT_FIRST + Math.floor(Math.random() * PORTS)
    if (await isFree(port)) return port
  }
  throw new Error('no free port')
}

/**
 * @param {Trust} trust
 * @param {{ port?: number, env?: Record<string, string>,
 *   args?: readonly string[] }} [options]
 */
export async function startServer(trust, options = {}) {
  const port = options.port ?? (await freePort())
  const args = ['serve', '--data', trust.data, '--port', String(port)]
  const child = spawn(program(), [...args, ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    if (log.length < STDERR_MOST) log += text
  })
  /** @type {Promise<{ code: number | null, signal: string | null }>} */
  const exited = new Promise((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    }),
  )
  const from = Date.now()
  const url = await ready(child, exited, () => log)

  /** @param {NodeJS.Signals} signal */
  async function end(signal) {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    const how = await exited
    clearTimeout(timer)
    return how
  }

  return {
    url,
    port,
    pid: /** @type {number} */ (child.pid),
    readyMs: Date.now() - from,
    log: () => log,
    exited,
    kill: () => end('SIGKILL'),
    /** Resolves with the exit code; null when it had to be killed. */
    stop: async () => (await end('SIGTERM')).code,
  }
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

/** @param {import('node:child_process').ChildProcess} child
 * @param {Promise<{ code: number | null, signal: string | null }>} exited
 * @param {() => string} log @returns {Promise<string>} its address */
function ready(child, exited, log) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error('the server did not get ready\n' + log()))
    }, READY_MS)
    let out = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      out += text
      const said = /^ready (\S+)$/m.exec(out)
      if (!said) return
      clearTimeout(timer)
      resolve(said[1])
    })
    void exited.then(({ code, signal }) => {
      clearTimeout(timer)
      reject(new Error(`the server ended: ${code ?? signal}\n${log()}`))
    })
  })
}

/** `tidemark check` finds nothing. @param {Trust} trust */
export function check({ data }) {
  const { code, out, err } = tidemark('check', '--data', data)
  assert.equal(code, 0, `check: ${out}${err}`)
}

/**
 * One line of `tidemark dump`.
 * @typedef {{ in: 'bucket' | 'state' | 'history' | 'held', bucket: string,
 *   record: string, type: string, field: string, version: number,
 *   version_last: number, seq: number, replica: number, outcome: string,
 *   value: any, reason: string }} Line
 */

/** Everything that the store holds. @param {Trust} trust @returns {Line[]} */
export function dump({ data }) {
  const { code, out, err } = tidemark('dump', '--data', data)
  assert.equal(code, 0, `dump: ${err}`)
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Versions: each once, none left out. @param {readonly Line[]} lines */
export function checkVersions(lines) {
  const all = lines
    .filter((line) => line.in !== 'bucket')
    .flatMap((line) => {
      const last = line.in === 'held' ? line.version_last : line.version
      const count = last - line.version + 1
      return Array.from({ length: count }, (_, i) => line.version + i)
    })
    .sort((a, b) => a - b)
  all.forEach((version, i) =>
    assert.equal(version, i + 1, 'a version is missing or stands twice'),
  )
  return all.length
}

/**
 * A device of that person, enrolled by the code that the demo trust has.
 * @param {string} url @param {string} name as in the code: 'TAMSIN'
 * @param {Partial<import('../src/index.js').OpenOptions>} [options]
 */
export async function device(url, name, options = {}) {
  const code = `DEMO-${name}`
  const identity = await enrol({ url, code, label: name, platform: 'test' })
  const store = memoryStore()
  return open({ url, store, identity, appVersion: 'test', ...options })
}

/** @param {number} ms @returns {Promise<void>} */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Waits until it holds; fails with `what` when it does not in time.
 * @param {() => unknown} holds may be async @param {string} what
 * @param {number} [ms]
 */
export async function until(holds, what, ms = 10000) {
  const end = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`)
    await pause(10)
  }
}

/** Chance that a seed replays (mulberry32). @param {number} seed */
export function chance(seed) {
  let a = seed >>> 0
  const random = () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  /** 0 … n - 1. @param {number} n */
  const below = (n) => Math.floor(random() * n)
  return {
    random,
    below,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => list[below(list.length)],
  }
}
