// @ts-nocheck: stories are plain JSON
/**
 * The stories of tests/stories/, through real devices and the real server; and
 * that a story that does not come true is not let through.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readStories, tell } from '../tools/stories.mjs'

const FOLDER = fileURLToPath(new URL('../../tests/stories', import.meta.url))

const files = fs
  .readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .sort()

const core = readStories(path.join(FOLDER, 'core.json'))
const coreStory = (id) => structuredClone(core.find((one) => one.id === id))

for (const file of files) {
  for (const story of readStories(path.join(FOLDER, file))) {
    test(`${story.id}: ${story.title}`, async () => {
      assert.deepEqual(await tell(story), [])
    })
  }
}

test('what did not happen is not believed', async () => {
  const story = coreStory('C03')
  const { expect } = story
  expect.fields['r.state'] = 'signed_off'
  expect.fields['j.grade'] = 'exceptional'
  expect.open_decisions[0].values[0].rationale = 'Repeats have begun to fall.'
  expect.contains = { 'j.rationale': ['never said'] }
  expect.flags = { 'j.rationale': 'check wording' }
  expect.notices = ['restored: j']
  expect.held = [{ record: 'j', field: 'grade' }]
  expect.records_of_type = { judgement: 2 }
  expect.deleted = { j: true }
  expect.absent = ['j.grade']
  expect.removed_from_device = { helen: ['review/r'] }
  expect.something_else = true
  const differs = await tell(story)
  const isSaid = (text) => differs.some((line) => line.includes(text))
  assert.ok(isSaid('r.state is "submitted"'))
  assert.ok(isSaid('j.grade is "needs_attention", not "exceptional"'))
  assert.ok(isSaid('not to decide, but expected'))
  assert.ok(isSaid('to decide: j.agreed, between'))
  assert.ok(isSaid('without ["never said"]'))
  assert.ok(isSaid('j.rationale is marked'))
  assert.ok(isSaid("no notice 'restored: j'"))
  assert.ok(isSaid('not held:'))
  assert.ok(isSaid('1 records of type judgement, not 2'))
  assert.ok(isSaid('j is there'))
  assert.ok(isSaid('j.grade is "needs_attention", not empty'))
  assert.ok(isSaid('helen still holds review/r'))
  assert.ok(isSaid("nobody knows how to check 'something_else'"))
})

test('devices that do not show the same are noticed', async () => {
  const story = coreStory('C01')
  story.expect = { all_devices_equal: false }
  assert.deepEqual(await tell(story), ['all devices show the same'])
})

test('a step that nobody can take fails its story', async () => {
  for (const [step, why] of [
    [{ do: 'dance' }, "there is no step word 'dance'"],
    [{ device: 'nobody' }, "there is no device 'nobody'"],
    [{ record: 'x' }, 'x is not on this device'],
    [{ after: 'never said' }, "does not show 'never said'"],
  ]) {
    const story = coreStory('C01')
    Object.assign(story.steps[1], step)
    const [said] = await tell(story)
    assert.ok(said.includes(why), said)
  }
})
