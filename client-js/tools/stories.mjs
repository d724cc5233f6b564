#!/usr/bin/env node
/**
 * Conflict stories as acceptance tests: played through real devices and the
 * real server, and held to what they expect.
 *
 *     node client-js/tools/stories.mjs FILE…
 *
 * A file holds {stories: [{id, title, devices, start, steps, expect}]}. Each
 * story is printed with its verdict; the last line is `N passed, N failed`.
 * Exit code 1 when one failed. The environment's TIDEMARK_BIN names the
 * server's folder (default: what was built last).
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { judge } from './story-judge.mjs'
import { closeWorld, openWorld, play } from './story-play.mjs'
import { StoryError } from './story-names.mjs'

/** @param {string} file @returns {any[]} */
export function readStories(file) {
  const content = JSON.parse(readFileSync(file, 'utf8'))
  const stories = Array.isArray(content) ? content : content.stories
  if (!Array.isArray(stories)) throw new StoryError(`${file}: no stories`)
  return stories
}

/** @param {any} story @returns {Promise<string[]>} what differs */
export async function tell(story) {
  let world
  try {
    world = await openWorld(story)
    await play(world)
    return await judge(world)
  } catch (error) {
    // What went wrong belongs in the verdict, whosever fault it is.
    return [error instanceof StoryError ? error.message : String(error.stack)]
  } finally {
    if (world) await closeWorld(world)
  }
}

async function main(files) {
  let passed = 0
  let failed = 0
  for (const story of files.flatMap(readStories)) {
    const differs = await tell(story)
    if (differs.length) failed++
    else passed++
    const verdict = differs.length ? 'FAILED' : 'passed'
    console.log(`${story.id}  ${story.title}: ${verdict}`)
    for (const line of differs) console.log(`     ${line}`)
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2)
  if (!files.length || files[0] === '--help') {
    console.error('usage: stories.mjs FILE…')
    process.exitCode = files.length ? 0 : 2
  } else {
    process.exitCode = await main(files).catch((error) => {
      console.error(`stories: ${error.message}`)
      return 2
    })
  }
}
