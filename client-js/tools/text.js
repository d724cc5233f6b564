#!/usr/bin/env node
// @ts-check
/**
 * Apply, compose, diff and merge texts, for outside corpora: the twin of
 * tests/tools/tidemark-text.c, byte for byte, whose head says what goes in and
 * comes out.
 *
 * @typedef {import('../src/text.js').Step} Step
 * @typedef {{ delta: Step[], reach: number, growth: number }} Edit  a delta as
 *   it was read, the code points that it walks, and by how many the text grows
 */
import { fail, TidemarkError } from '../src/fault.js'
import { apply, compose, diff, isText, merge } from '../src/text.js'
import * as walk from '../src/text-walk.js'

const COUNT_MAX = 0x7fffffff

/** @param {unknown} value @returns {string} */
function readText(value) {
  if (typeof value !== 'string') return fail('malformed', 'not a text')
  return isText(value) ? value : fail('bad_value', 'not Unicode')
}

/** @param {unknown} value @returns {Edit} */
function readEdit(value) {
  if (!Array.isArray(value)) return fail('bad_delta', 'not an array')
  const pen = walk.startPen()
  let reach = 0
  let growth = 0
  for (const step of value) {
    if (typeof step === 'string' && step && isText(step)) {
      walk.insert(pen, step)
      growth += walk.chars(step)
    } else if (Number.isInteger(step) && step !== 0) {
      reach += Math.abs(step)
      if (reach > COUNT_MAX) fail('bad_delta', 'too long')
      if (step > 0) walk.keep(pen, step)
      else walk.drop(pen, -step)
      growth += Math.min(step, 0)
    } else {
      fail('bad_delta', 'not a step')
    }
  }
  return { delta: walk.finish(pen), reach, growth }
}

/** @param {unknown} value @param {string} text */
function readEditOn(value, text) {
  const { delta, reach } = readEdit(value)
  return reach <= walk.chars(text) ? delta : fail('bad_delta', 'past the end')
}

/** @param {Record<string, unknown>} request */
function runApply(request) {
  const text = readText(request.apply)
  return { text: apply(text, readEditOn(request.delta, text)) }
}

/**
 * Neighbours by twos, then by fours …: what comes out is the same, and many
 * small deltas do not each pay for the long one.
 * @param {Step[][]} all @returns {Step[]}
 */
function composeAll(all) {
  while (all.length > 1) {
    const pairs = []
    for (let i = 0; i < all.length; i += 2) {
      pairs.push(i + 1 < all.length ? compose(all[i], all[i + 1]) : all[i])
    }
    all = pairs
  }
  return all[0] ?? []
}

/** @param {Record<string, unknown>} request */
function runCompose(request) {
  const bound = Object.hasOwn(request, 'on')
  let length = bound ? walk.chars(readText(request.on)) : 0
  const { compose: list } = request
  if (!Array.isArray(list)) return fail('malformed', 'not an array')
  const all = list.map((value) => {
    const edit = readEdit(value)
    if (bound && edit.reach > length) fail('bad_delta', 'past the end')
    length += edit.growth
    return edit.delta
  })
  return { delta: composeAll(all) }
}

/** @param {Record<string, unknown>} request */
function runDiff(request) {
  const { diff: pair } = request
  if (!Array.isArray(pair) || pair.length !== 2) {
    return fail('malformed', 'not a pair')
  }
  const [from, to] = pair.map(readText)
  return { delta: diff(from, to) }
}

/** @param {Record<string, unknown>} request */
function runMerge(request) {
  const base = readText(request.merge)
  const edits = [readEdit(request.theirs), readEdit(request.mine)]
  const most = walk.chars(base)
  if (edits.some((edit) => edit.reach > most)) fail('bad_delta', 'past the end')
  const merged = merge(base, edits[0].delta, edits[1].delta)
  const { text, delta, overlaps } = merged
  return { text, delta, overlap: overlaps }
}

const REQUESTS = {
  apply: runApply,
  compose: runCompose,
  diff: runDiff,
  merge: runMerge,
}

/** @param {Uint8Array} line @returns {unknown} */
function parse(line) {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return JSON.parse(decoder.decode(line))
  } catch {
    return fail('malformed', 'not JSON')
  }
}

/** One line in, one line out. @param {Uint8Array} line @returns {string} */
function answer(line) {
  try {
    const request = parse(line)
    if (typeof request === 'object' && request && !Array.isArray(request)) {
      for (const [key, run] of Object.entries(REQUESTS)) {
        if (!Object.hasOwn(request, key)) continue
        return JSON.stringify(
          run(/** @type {Record<string, unknown>} */ (request)),
        )
      }
    }
    return fail('malformed', 'not a request')
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
    return JSON.stringify({ error: error.name })
  }
}

async function main() {
  /** @type {Buffer[]} */
  let waiting = []
  for await (const chunk of process.stdin) {
    let start = 0
    for (let end; (end = chunk.indexOf(10, start)) >= 0; start = end + 1) {
      const line = Buffer.concat([...waiting, chunk.subarray(start, end)])
      waiting = []
      process.stdout.write(answer(line) + '\n')
    }
    if (start < chunk.length) waiting.push(chunk.subarray(start))
  }
  if (waiting.length)
    process.stdout.write(answer(Buffer.concat(waiting)) + '\n')
}

await main()
