#!/usr/bin/env node
// The bench: starts the real server, lets the C load client at it, measures
// the floors in the same run, prints one table. See README.md.
//
//   ./dev bench [--quick] [--long] [--only NAME,…]     (TIDEMARK_BIN: the programs)
//
// Timings gate nothing: it fails only when something is not right.

import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from './gen.mjs'
import { encode, trust } from './work.mjs'
import { render, rowsOf } from './table.mjs'
import { libraryRun } from './library.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const SCHEMA = join(HERE, 'schema.json')
const ADMIN = 60
const READY_MS = 10000,
  RUN_MS = 240000

function argumentsOf(argv) {
  const o = {
    bin: process.env.TIDEMARK_BIN ?? resolve(HERE, '../build/release/bin'),
    quick: false,
    long: false,
    only: null,
  }
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--quick') o.quick = true
    else if (argv[i] === '--long') o.long = true
    else if (argv[i] === '--only' && argv[i + 1]) o.only = argv[++i].split(',')
    else {
      console.error(
        'usage: bench.mjs [--quick] [--long] [--only push,join,live,commits,units,text,kill,detail,library]',
      )
      process.exit(2)
    }
  }
  if (!existsSync(join(o.bin, 'load'))) {
    console.error(
      `bench.mjs: there is no ${join(o.bin, 'load')}: build a release first, or set TIDEMARK_BIN`,
    )
    process.exit(2)
  }
  return o
}

const options = argumentsOf(process.argv.slice(2))
const bin = (name) => join(options.bin, name)
const temp = mkdtempSync(join(tmpdir(), 'tidemark-bench-'))
const running = new Set()

function cleanUp() {
  for (const child of running) child.kill('SIGKILL')
  rmSync(temp, { recursive: true, force: true })
}
process.on('exit', cleanUp)
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => process.exit(1))

// ---- Programs ----

function once(name, args) {
  const r = spawnSync(bin(name), args, { encoding: 'utf8', timeout: RUN_MS })
  if (r.status !== 0)
    throw new Error(`${name} ${args[0]}: ${r.stderr || r.error || r.signal}`)
  return r.stdout
}

function startServer(data, port = 0) {
  const child = spawn(
    bin('tidemark'),
    ['serve', '--data', data, '--schema', SCHEMA, '--port', String(port)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  running.add(child)
  let log = ''
  child.stderr.on('data', (d) => {
    log = (log + d).slice(-4000)
  })
  const gone = new Promise((done) =>
    child.on('exit', (code, signal) => {
      running.delete(child)
      done(code ?? signal)
    }),
  )
  return new Promise((ready, fail) => {
    const late = setTimeout(
      () => fail(new Error(`the server is not ready: ${log}`)),
      READY_MS,
    )
    gone.then((code) =>
      fail(new Error(`the server ended with ${code}: ${log}`)),
    )
    child.stdout.on('data', (d) => {
      const at = /^ready \S+:(\d+)$/m.exec(String(d))
      if (!at) return
      clearTimeout(late)
      ready({ child, port: Number(at[1]), gone, log: () => log })
    })
  })
}

async function stopServer(server) {
  server.child.kill('SIGTERM')
  const code = await server.gone
  if (code !== 0)
    throw new Error(`the server ended with ${code}: ${server.log()}`)
}

// `onLine` sees every line; the last one is the result.
function load(server, kit, mode, args = [], onLine = () => {}) {
  const child = spawn(
    bin('load'),
    [
      mode,
      '--work',
      kit.work,
      '--ids',
      kit.ids,
      '--port',
      String(server.port),
      '--pid',
      String(server.child.pid),
      ...args.map(String),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  running.add(child)
  const killer = setTimeout(() => child.kill('SIGKILL'), RUN_MS)
  let out = '',
    err = '',
    at = 0
  child.stderr.on('data', (d) => {
    err = (err + d).slice(-4000)
  })
  child.stdout.on('data', (d) => {
    out += d
    for (let end; (end = out.indexOf('\n', at)) >= 0; at = end + 1)
      onLine(out.slice(at, end), child)
  })
  return new Promise((done, fail) =>
    child.on('close', (code) => {
      clearTimeout(killer)
      running.delete(child)
      if (code !== 0)
        fail(
          new Error(`load ${mode} ended with ${code}: ${err}\n${server.log()}`),
        )
      else done(JSON.parse(out.trim().split('\n').at(-1)))
    }),
  )
}

function storeBytes(data) {
  return readdirSync(data).reduce(
    (sum, name) => sum + statSync(join(data, name)).size,
    0,
  )
}

// ---- What every stage starts from ----

// The workload's file, a store with the trust in it, everyone enrolled.
async function makeKit(name, workload) {
  const kit = {
    name,
    generated: generate(workload),
    work: join(temp, `${name}.work`),
    ids: join(temp, `${name}.ids`),
    store: join(temp, `${name}.store`),
  }
  const sample = join(temp, `${name}.trust.json`)
  writeFileSync(kit.work, encode(kit.generated).bytes)
  writeFileSync(sample, JSON.stringify(trust(kit.generated)))
  once('tidemark', [
    'init',
    '--data',
    kit.store,
    '--schema',
    SCHEMA,
    '--demo',
    sample,
  ])
  const server = await startServer(kit.store)
  await load(server, kit, 'enrol')
  await stopServer(server)
  return kit
}

let stores = 0
function freshStore(kit) {
  const data = join(temp, `store-${++stores}`)
  cpSync(kit.store, data, { recursive: true })
  return data
}

async function withServer(data, act) {
  const server = await startServer(data)
  const result = await act(server)
  await stopServer(server)
  return result
}

function floorSqlite(kit, per, most) {
  const file = join(temp, `floor-${++stores}.db`)
  return JSON.parse(
    once('floor_sqlite', [kit.work, file, String(per), String(most)]),
  )
}

const floorSocket = (up, down, turns) =>
  JSON.parse(once('floor_socket', [up, down, turns].map(String)))

// ---- The stages ----

async function pushStage(kit, out) {
  const data = freshStore(kit)
  out.push = await withServer(data, async (server) => {
    const push = await load(server, kit, 'push')
    return { ...push, store: storeBytes(data) }
  })
  out.push.storeClosed = storeBytes(data)
  out.push.floorSqlite = floorSqlite(kit, 1000, out.push.changes)
  out.push.floorSocket = floorSocket(out.push.up, out.push.down, 600)
  once('tidemark', ['check', '--data', data, '--schema', SCHEMA])
  return data
}

async function joinStage(kit, data, out) {
  const times = options.quick ? 6 : 21
  out.hubJoin = await withServer(data, (server) =>
    load(server, kit, 'join', ['--n', 0, '--m', times]),
  )
  out.adminJoin = await withServer(data, (server) =>
    load(server, kit, 'join', ['--n', ADMIN, '--m', times]),
  )
  for (const join of [out.hubJoin, out.adminJoin])
    join.floor = floorSocket(join.again.up, join.again.down, 1)
  out.missed = await withServer(data, (server) => load(server, kit, 'missed'))
  out.missed.floor = floorSocket(
    out.missed.missed.up,
    out.missed.missed.down,
    2,
  )
}

async function liveStage(kit, data, out) {
  const seconds = options.quick ? 5 : 20
  out.ripple = await withServer(data, (server) =>
    load(server, kit, 'ripple', ['--n', 50, '--m', seconds]),
  )
  out.ripple.floorCommit = floorSqlite(kit, 1, 300)
  out.ripple.floorSocket = floorSocket(300 * 100, 300 * 100, 300)
  out.idle = await withServer(data, (server) =>
    load(server, kit, 'idle', ['--n', 2000]),
  )
  out.storm = await withServer(data, (server) =>
    load(server, kit, 'storm', ['--n', 500]),
  )
}

async function commitStage(kit, out) {
  out.commits = await withServer(freshStore(kit), (server) =>
    load(server, kit, 'commits', ['--n', options.quick ? 3 : 1]),
  )
  for (const c of out.commits) c.floor = floorSqlite(kit, c.per, c.changes)
}

async function unitsStage(kit, out) {
  const rounds = options.long ? 100 : options.quick ? 4 : 10
  const data = freshStore(kit)
  out.units = await withServer(data, (server) =>
    load(server, kit, 'units', ['--n', 10000, '--m', rounds]),
  )
  // Nothing is cached in a server that has just started: the rows as they are.
  out.units.floor = await withServer(data, (server) =>
    load(server, kit, 'join', ['--n', 0, '--m', 1]),
  )
}

// The port stays, as it would for a service that is started again.
async function killStage(kit, out) {
  const data = freshStore(kit)
  let server = await startServer(data)
  const kills = options.quick ? 2 : 5
  let trouble = null
  const again = async (line, child) => {
    if (line !== 'killed') return
    try {
      await server.gone
      server = await startServer(data, server.port)
      child.stdin.write(`${server.child.pid}\n`)
    } catch (e) {
      trouble = e
      child.kill('SIGKILL')
    }
  }
  try {
    out.kill = await load({ ...server }, kit, 'kill', ['--n', kills], again)
  } catch (e) {
    throw trouble ?? e
  }
  await stopServer(server)
  once('tidemark', ['check', '--data', data, '--schema', SCHEMA])
  if (out.kill.lost || out.kill.missing)
    throw new Error(`acknowledged and lost: ${JSON.stringify(out.kill)}`)
}

async function detailStage(out) {
  const kit = await makeKit('detail', { detail: 1 })
  const data = freshStore(kit)
  out.detail = await withServer(data, async (server) => ({
    push: await load(server, kit, 'push'),
  }))
  out.detail.hubJoin = await withServer(data, (server) =>
    load(server, kit, 'join', ['--n', 0, '--m', 2]),
  )
  out.detail.store = storeBytes(data)
}

// ---- All of it ----

const wanted = (name) => !options.only || options.only.includes(name)

async function stage(name, act) {
  if (!wanted(name)) return undefined
  const start = Date.now()
  process.stderr.write(`bench: ${name} …`)
  const result = await act()
  process.stderr.write(` ${((Date.now() - start) / 1000).toFixed(1)} s\n`)
  return result
}

async function main() {
  const out = {
    at: new Date().toISOString(),
    quick: options.quick,
    cpus: cpus().length,
    cpu: cpus()[0]?.model,
  }
  const kit = await makeKit('work', {})
  let data = await stage('push', () => pushStage(kit, out))
  if (!data && ['join', 'live', 'library'].some(wanted))
    data = await pushStage(kit, out)
  await stage('join', () => joinStage(kit, data, out))
  await stage('live', () => liveStage(kit, data, out))
  await stage('commits', () => commitStage(kit, out))
  await stage('units', () => unitsStage(kit, out))
  await stage('text', async () => {
    out.text = JSON.parse(once('text_merge', ['2000']))
  })
  await stage('kill', () => killStage(kit, out))
  if (!options.quick) await stage('detail', () => detailStage(out))
  await stage('library', async () => {
    out.library = await withServer(data, (server) =>
      libraryRun(`http://127.0.0.1:${server.port}`),
    )
  })
  const results = join(HERE, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(
    join(results, `${out.at.replace(/[:.]/g, '-')}.json`),
    `${JSON.stringify(out, null, 1)}\n`,
  )
  console.log(render(rowsOf(out)))
}

main().then(
  () => process.exit(0),
  (e) => {
    console.error(`\nbench: ${e.message}`)
    process.exit(1)
  },
)
