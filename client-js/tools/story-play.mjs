/**
 * Plays a story: real devices (memory stores, clocks of their own) and the
 * real server, whose wall clock is a file. Nothing waits for real time.
 *
 * `at` is true time. A device is online only at its `sync`; what the central
 * team does is done at once, on a device of theirs that is only looked at.
 */

import fs from 'node:fs'
import path from 'node:path'
import { enrol, open } from '../src/index.js'
import { memoryStore } from '../src/store-memory.js'
import {
  makeFolder,
  removeTrust,
  startServer,
  tidemark,
} from '../test/server.js'
import { fieldOf, StoryError, timeOf } from './story-names.mjs'
import { setStage } from './story-stage.mjs'

const SYNC_MS = 20000
const MINUTE_MS = 60000
export const CENTRE = 'morwenna'

/* ---- The world ---- */

function makeTrust(sample) {
  const folder = makeFolder()
  const data = path.join(folder, 'data')
  const file = path.join(folder, 'stage.json')
  fs.writeFileSync(file, JSON.stringify(sample, null, 1))
  const made = tidemark('init', '--data', data, '--demo', file)
  if (made.code !== 0) {
    removeTrust({ folder, data })
    throw new StoryError(`the stage could not be set: ${made.err.trim()}`)
  }
  return { folder, data, clock: path.join(folder, 'clock') }
}

/** The server has the file open and reads it at any moment: always as many
 * digits, in one write, never half of it. */
function writeClock(file, ms) {
  const flag = fs.existsSync(file) ? 'r+' : 'w'
  fs.writeFileSync(file, String(ms).padStart(15, '0'), { flag })
}

async function openDevice(world, person, errorMinutes = 0) {
  const { url } = world.server
  const label = `${person}'s tablet`
  const code = world.stage.codeOf(person)
  const identity = await enrol({ url, code, label, platform: 'story' })
  const now = () => world.now + errorMinutes * MINUTE_MS
  const store = memoryStore()
  const options = { url, store, identity, now, paused: true }
  const tm = await open({ ...options, appVersion: 'story' })
  return { tm, person }
}

const offline = ({ tm }) =>
  new Promise((resolve) => {
    const stop = tm.on('status', () => look())
    const look = () => {
      if (tm.status.link !== 'offline') return
      stop()
      resolve(undefined)
    }
    tm.pause()
    look()
  })

/** Push, then pull; a second time for what followed from the push. */
export async function syncDevice(world, device) {
  writeClock(world.trust.clock, world.now)
  device.tm.resume()
  try {
    await device.tm.sync({ timeout: SYNC_MS })
    await device.tm.sync({ timeout: SYNC_MS })
  } finally {
    await offline(device)
  }
}

/** @param {any} story */
export async function openWorld(story) {
  const stage = setStage(story)
  const trust = makeTrust(stage.sample)
  const world = {
    story,
    stage,
    trust,
    names: stage.names,
    now: stage.begins,
    devices: {},
    blocked: new Set(), // records whose signature a device refused
  }
  try {
    writeClock(trust.clock, world.now)
    world.server = await startServer(trust, { args: ['--clock', trust.clock] })
    world.office = await openDevice(world, CENTRE)
    for (const [name, device] of Object.entries(story.devices ?? {})) {
      const isName = typeof device === 'string'
      world.devices[name] = isName
        ? await openDevice(world, device)
        : await openDevice(world, device.person, device.clock_error_minutes)
    }
    for (const device of [world.office, ...Object.values(world.devices)]) {
      await syncDevice(world, device)
    }
    return world
  } catch (error) {
    await closeWorld(world)
    throw error
  }
}

export async function closeWorld(world) {
  for (const device of [world.office, ...Object.values(world.devices)]) {
    await device?.tm.close()
  }
  await world.server?.kill()
  removeTrust(world.trust)
}

/* ---- Steps ---- */

/** What the device shows of the step's record. */
function shown(world, tm, name) {
  const record = tm.get(world.names.idOf(name))
  if (!record) throw new StoryError(`${name} is not on this device`)
  return record
}

function place(text, part, field) {
  const at = text.indexOf(part)
  if (at < 0) throw new StoryError(`${field} does not show '${part}'`)
  return at
}

/** The whole text as its author leaves it. */
export function editedText(text, step) {
  const splice = (at, length, more) =>
    text.slice(0, at) + more + text.slice(at + length)
  if (step.after !== undefined) {
    const at = place(text, step.after, step.field) + step.after.length
    return splice(at, 0, step.insert)
  }
  if (step.before !== undefined) {
    return splice(place(text, step.before, step.field), 0, step.insert)
  }
  if (step.find !== undefined) {
    const at = place(text, step.find, step.field)
    return splice(at, step.find.length, step.replace ?? '')
  }
  if (step.append !== undefined) return text + step.append
  if (step.prepend !== undefined) return step.prepend + text
  if (step.insert !== undefined) return text + step.insert
  if (step.delete !== undefined) {
    return splice(place(text, step.delete, step.field), step.delete.length, '')
  }
  const whole = step.value ?? step.text
  if (whole === undefined) {
    throw new StoryError(`an edit of ${step.field} that does not say what`)
  }
  return whole
}

const valuesOf = (step) =>
  Object.entries(step.fields ?? { [step.field]: step.value })

function setAll(world, tm, c, step) {
  const { id, type } = shown(world, tm, step.record)
  for (const [name, value] of valuesOf(step)) {
    c.set(id, name, world.names.value(fieldOf(type, name), value) ?? undefined)
  }
}

function element(world, tm, c, step) {
  const { id, type } = shown(world, tm, step.record)
  const field = fieldOf(type, step.field)
  for (const [, value] of valuesOf(step)) {
    const all = [value].flat()
    if (field.type !== 'refs') c[step.do](id, step.field, ...all)
    else c[step.do](id, step.field, ...world.names.value(field, all))
  }
}

/** A natural key that is given stands for the fields it is made of. */
function createFields(world, step) {
  const { identity } = world.schema.types[step.type] ?? {}
  const fields = { ...step.fields }
  identity?.natural?.forEach((name, i) => {
    fields[name] ??= step.natural?.[i]
  })
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      world.names.value(fieldOf(step.type, name), value) ?? undefined,
    ]),
  )
}

/** The one open question of a record, or of one field of it. */
function openConflict(world, tm, step) {
  const { id } = shown(world, tm, step.record)
  const open = tm
    .conflicts(id)
    .filter(({ field }) => !step.field || field === step.field)
  if (!open.length) throw new StoryError(`nothing to decide in ${step.record}`)
  return open[0]
}

function decide(world, tm, c, step) {
  const { type } = shown(world, tm, step.record)
  const given = step.values ?? { [step.field]: step.value }
  const values = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      world.names.value(fieldOf(type, name), value),
    ]),
  )
  c.decide(openConflict(world, tm, step).id, values)
}

/** A late change of the record, or a signature of it that was held. */
function settle(world, tm, c, step) {
  const { id } = shown(world, tm, step.record)
  const isSignature = ({ change }) =>
    change.some(({ field, value }) => field === 'record' && value === id)
  const [amendment] = [
    ...tm.amendments(id),
    ...tm.amendments().filter(isSignature),
  ]
  if (!amendment) throw new StoryError(`no late change of ${step.record}`)
  c.settle(amendment.id, step.do, step.reason)
}

const WORDS = {
  edit: (world, tm, c, step) => {
    const { id, fields } = shown(world, tm, step.record)
    c.text(id, step.field, editedText(fields[step.field] ?? '', step))
  },
  set: setAll,
  add: element,
  remove: element,
  create: (world, _tm, c, step) => {
    const id = step.id && world.names.idOf(step.id)
    const bucket = world.names.bucketOf(step.bucket)
    c.create(step.type, bucket, createFields(world, step), id)
  },
  delete: (world, tm, c, step) => c.delete(shown(world, tm, step.record).id),
  restore: (world, tm, c, step) => c.restore(shown(world, tm, step.record).id),
  sign: (world, tm, c, step) =>
    void c.sign(shown(world, tm, step.record).id, { words: step.words }),
  decide,
  accept: settle,
  decline: settle,
  reopen: (world, tm, c, step) =>
    c.reopen(shown(world, tm, step.record).id, step.reason, step.to),
  share: (world, tm, c, step) => c.share(shown(world, tm, step.record).id),
  join: (world, tm, c, step) =>
    c.join(shown(world, tm, step.record).id, shown(world, tm, step.other).id),
}

async function endAccess(world, step) {
  const ids = world.stage.rolesInto(step.person, step.bucket)
  if (!ids.length) {
    throw new StoryError(`${step.person} had no access to ${step.bucket}`)
  }
  const { tm } = world.office
  await tm.change((c) => {
    for (const id of ids) c.set(id, 'until', world.now)
  })
  await syncDevice(world, world.office)
}

async function byCentre(world, step) {
  if (step.do === 'end_access') return endAccess(world, step)
  throw new StoryError(`the server has no '${step.do}' yet`)
}

const CENTRAL = ['end_access', 'report_lost', 'admit']

async function playStep(world, step) {
  world.now = timeOf(step.at)
  if (CENTRAL.includes(step.do)) return byCentre(world, step)
  const device = world.devices[step.device]
  if (!device) throw new StoryError(`there is no device '${step.device}'`)
  if (step.do === 'sync') return syncDevice(world, device)
  const word = WORDS[step.do]
  if (!word) throw new StoryError(`there is no step word '${step.do}'`)
  try {
    await device.tm.change((c) => word(world, device.tm, c, step))
  } catch (error) {
    if (step.do !== 'sign' || error instanceof StoryError) throw error
    world.blocked.add(step.record)
  }
}

/** Play all steps. A step that cannot be done says which it was. */
export async function play(world) {
  world.schema = world.office.tm.schema
  for (const step of world.story.steps) {
    try {
      await playStep(world, step)
    } catch (error) {
      const who = step.device ?? 'the central team'
      const what = step.record ?? step.id ?? step.bucket ?? ''
      const where = `at ${step.at}, ${who}: ${step.do} ${what}`.trim()
      throw new StoryError(`${where}: ${error.message}`)
    }
  }
}
