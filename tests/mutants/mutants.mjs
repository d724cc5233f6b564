#!/usr/bin/env node
/**
 * Are the rules of the merge held by tests? Each planted fault below breaks one
 * of them; some test must then fail. A fault that no test notices fails the run.
 *
 *     node tests/mutants/mutants.mjs [NAME…]
 *
 * Works on copies: objects are compiled once, then the one changed file anew.
 */
import { execFile, execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FAULTS } from './faults.mjs'

const run = promisify(execFile)
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const OUT = join(ROOT, 'build', 'mutants')
const ROOMS = ['protocol', 'schema', 'server/core', 'server/io']
const TESTS = ['merge_test', 'access_test', 'hub_test', 'after_test']
const TEST_MS = 60_000

const flags = (/** @type {string[]} */ ...args) =>
  execFileSync('pkg-config', args, { encoding: 'utf8' }).trim().split(/\s+/)

const CFLAGS = ['-std=c17', '-D_GNU_SOURCE', '-O1', '-g0', '-w']
const INCLUDES = [...ROOMS, 'tests'].map((room) => `-I${join(ROOT, room)}`)
const LIBRARIES = [
  ...flags('--libs', 'sqlite3', 'libwebsockets', 'libcrypto', 'zlib', 'cmocka'),
  '-lmsgpackc',
  '-lpthread',
]

const compile = (/** @type {string} */ from, /** @type {string} */ to) =>
  run('gcc', [...CFLAGS, ...INCLUDES, '-c', from, '-o', to], { cwd: ROOT })

const objectOf = (/** @type {string} */ file) =>
  join(OUT, `${file.replaceAll('/', '_')}.o`)

/** @returns {string[]} the sources of the rooms, from the root */
const sources = () =>
  ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room))
      .filter((name) => name.endsWith('.c'))
      .map((name) => `${room}/${name}`),
  )

/** The migrations that the build embeds, made the same way. */
function embedded() {
  const built = execFileSync(
    'sh',
    [
      '-c',
      'ls -t build/*/migrations.c build/*/schema/migrations.c ' +
        'build/*/*migrations*.c 2>/dev/null | head -n 1',
    ],
    { cwd: ROOT, encoding: 'utf8' },
  ).trim()
  return built ? [built] : []
}

/** @param {string[]} objects @param {string} tag */
async function link(objects, tag) {
  await Promise.all(
    TESTS.map((test) =>
      run('gcc', [
        ...objects,
        objectOf(`tests/${test}.c`),
        '-o',
        join(OUT, `${test}.${tag}`),
        ...LIBRARIES,
      ]),
    ),
  )
}

/** Which test fails? @param {string} tag @returns {Promise<string | null>} */
async function failing(tag) {
  for (const test of TESTS) {
    try {
      await run(join(OUT, `${test}.${tag}`), [], {
        cwd: ROOT,
        timeout: TEST_MS,
      })
    } catch {
      return test
    }
  }
  return null
}

/** @param {import('./faults.mjs').Fault} fault */
async function tryFault(fault, objects) {
  const path = join(ROOT, fault.file)
  const source = readFileSync(path, 'utf8')
  const parts = source.split(fault.find)
  if (parts.length !== 2) {
    return `is not planted: found ${parts.length - 1} times in ${fault.file}`
  }
  const tag = fault.name.replaceAll(/\W+/g, '-')
  const mutant = join(OUT, `${tag}.c`)
  const object = join(OUT, `${tag}.o`)
  writeFileSync(mutant, parts.join(fault.plant))
  try {
    await compile(mutant, object)
  } finally {
    rmSync(mutant)
  }
  const old = objectOf(fault.file)
  await link(
    objects.map((one) => (one === old ? object : one)),
    tag,
  )
  const test = await failing(tag)
  for (const name of TESTS) rmSync(join(OUT, `${name}.${tag}`), { force: true })
  return test ? null : 'no test notices'
}

mkdirSync(OUT, { recursive: true })
const files = [...sources(), ...embedded()]
for (const file of [...files, ...TESTS.map((test) => `tests/${test}.c`)]) {
  await compile(join(ROOT, file), objectOf(file))
}
const objects = files.map(objectOf)
await link(objects, 'whole')
const broken = await failing('whole')
if (broken) {
  console.error(`mutants: ${broken} fails without a fault`)
  process.exit(1)
}
const asked = process.argv.slice(2)
let failed = 0
let passed = 0
for (const fault of FAULTS) {
  if (asked.length && !asked.includes(fault.name)) continue
  const why = await tryFault(fault, objects)
  if (why) console.log(`${fault.name}: ${why}`)
  if (why) failed++
  else passed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
