// @ts-check
/**
 * The real server for a test: a store in a temporary folder, two people, a free
 * port; killed and removed at the end. Needs the program; TIDEMARK_BIN names its
 * folder (default: the newest under build/).
 */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** @returns {string | null} */
function findProgram() {
  const folder = process.env.TIDEMARK_BIN
  if (folder) return join(folder, 'tidemark')
  const builds = join(ROOT, 'build')
  if (!existsSync(builds)) return null
  const all = readdirSync(builds)
    .map((name) => join(builds, name, 'bin', 'tidemark'))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  return all[0] ?? null
}

const program = findProgram()
export const skip = program ? false : 'the server is not built'

/** @type {(() => Promise<void>)[]} */
export const cleanUps = []
after(async () => {
  for (const work of cleanUps.reverse()) await work()
})

/** @returns {Promise<number>} a port that was free a moment ago */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (
        server.address()
      )
      server.close(() => resolve(port))
    })
  })

/** @param {string[]} args */
const run = (args) =>
  execFileSync(String(program), args, { cwd: ROOT, encoding: 'utf8' }).trim()

export async function startTrust() {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-sync-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  /** @type {import('node:child_process').ChildProcess | null} */
  let server = null
  run(['init', '--data', data])
  for (const name of ['Ann', 'Bob']) {
    run([
      'person',
      '--data',
      data,
      '--name',
      name,
      '--role',
      'trust_lead',
      '--scope',
      'trust',
    ])
    run([
      'device',
      'code',
      '--data',
      data,
      '--person',
      name,
      '--uses',
      '9',
      '--code',
      `${name}-code`,
    ])
  }

  const start = () =>
    new Promise((resolve, reject) => {
      const args = [
        'serve',
        '--data',
        data,
        '--port',
        String(port),
        '--address',
        '127.0.0.1',
      ]
      const child = spawn(String(program), args, { cwd: ROOT })
      server = child
      child.stderr?.resume()
      child.stdout?.on('data', (text) => {
        if (String(text).includes('ready')) resolve(undefined)
      })
      child.once('exit', (code) =>
        reject(new Error(`the server left: ${code}`)),
      )
    })

  const kill = () =>
    new Promise((resolve) => {
      if (!server || server.exitCode !== null || server.signalCode) {
        resolve(undefined)
        return
      }
      server.once('exit', () => resolve(undefined))
      server.kill('SIGKILL')
    })

  cleanUps.push(async () => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  return { url, start, kill, folder }
}
