/**
 * Holds a played story to what it expects. What the server holds is read as
 * the central team sees it, on a device of theirs; each check answers what
 * differs, in plain words.
 */

import { isDeepStrictEqual } from 'node:util'
import { fieldOf } from './story-names.mjs'
import { syncDevice } from './story-play.mjs'

const say = (value) => (value === undefined ? 'nothing' : JSON.stringify(value))

const same = (a, b) => isDeepStrictEqual(a ?? undefined, b ?? undefined)

const sortedList = (list) => [...(list ?? [])].sort()

/** As the trust has it; what only its owner may see, from the owner's. */
function truth(world, name) {
  const id = world.names.idOf(name)
  const all = [world.office, ...Object.values(world.devices)]
  return all.map(({ tm }) => tm.get(id)).find((record) => record)
}

function fieldAt(world, text) {
  const { record: name, field } = world.names.place(text)
  const record = truth(world, name)
  if (!record) return { differs: `${name} is not there` }
  const value = record.fields[field]
  return { record, field, value, meta: record.meta[field] }
}

/** Compare one field by `look(at)`, which answers what differs, or nothing. */
const eachField = (look) => (world, expected) =>
  Object.entries(expected).flatMap(([text, want]) => {
    const at = fieldAt(world, text)
    const differs = at.differs ?? look(world, at, want)
    return differs ? [at.differs ?? `${text} ${differs}`] : []
  })

/** A value as the story writes it. */
function readable(world, field, value) {
  const name = (id) => world.names.nameOf(id)
  if (field.type === 'ref') return value && name(value)
  if (field.type === 'refs') return value && value.map(name)
  return value
}

function wanted(world, type, field, want) {
  const value = world.names.value(fieldOf(type, field), want)
  return Array.isArray(value) ? sortedList(value) : value
}

const fields = eachField((world, { record, field, value }, want) => {
  if (same(value, wanted(world, record.type, field, want))) return null
  const is = readable(world, fieldOf(record.type, field), value)
  return `is ${say(is)}, not ${say(want)}`
})

const sets = eachField((world, { record, field, value }, want) => {
  const all = wanted(world, record.type, field, want) ?? []
  if (same(sortedList(value), all)) return null
  const is = readable(world, fieldOf(record.type, field), value ?? [])
  return `is ${say(is)}, not ${say(want)}`
})

const contains = eachField((_world, { value }, want) => {
  const missing = [want].flat().filter((part) => !value?.includes(part))
  return missing.length ? `is ${say(value)}, without ${say(missing)}` : null
})

const notContains = eachField((_world, { value }, want) => {
  const there = [want].flat().filter((part) => value?.includes(part))
  return there.length ? `is ${say(value)}, with ${say(there)}` : null
})

function flagsOf(meta) {
  return [
    meta?.checkWording && 'check wording',
    meta?.conflict && 'needs a decision',
    meta?.merged && 'merged',
  ].filter(Boolean)
}

const flags = eachField((_world, { meta }, want) => {
  const all = flagsOf(meta)
  const isAsked = want === null || want === false || want === ''
  if (isAsked ? !all.includes('check wording') : all.includes(want)) return null
  return `is marked ${say(all)}, not ${say(want)}`
})

const deleted = (world, expected) =>
  Object.entries(expected).flatMap(([name, want]) => {
    const record = truth(world, name)
    const is = record ? record.deleted : true
    if (is === want) return []
    return [`${name} is ${is ? 'deleted' : 'there'}, not as expected`]
  })

const absent = (world, expected) =>
  [expected].flat().flatMap((text) => {
    const isField = text.includes('.') && !world.names.own.has(text)
    if (!isField) {
      const record = truth(world, text)
      return record && !record.deleted ? [`${text} is there`] : []
    }
    const at = fieldAt(world, text)
    if (at.differs || at.value === undefined) return []
    return [`${text} is ${say(at.value)}, not empty`]
  })

const recordsOfType = (world, expected) =>
  Object.entries(expected).flatMap(([type, want]) => {
    const { stagedIds } = world.stage
    const all = world.office.tm.list(type, ({ id }) => !stagedIds.has(id))
    if (all.length === want) return []
    return [`there are ${all.length} records of type ${type}, not ${want}`]
  })

/* ---- What the server made of it ---- */

/** One version as {field: value} of the story's words. */
function versionOf(world, type, values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      readable(world, fieldOf(type, name), value),
    ]),
  )
}

function sameVersions(have, want, field) {
  const all = want.map((one) => {
    const isPlain = one === null || typeof one !== 'object'
    return isPlain ? { [field]: one } : one
  })
  return (
    have.length === all.length &&
    all.every((one) => have.some((other) => same(one, other)))
  )
}

function conflictFits(world, conflict, want) {
  const record = world.office.tm.get(conflict.record)
  if (!record || world.names.idOf(want.record) !== conflict.record) return false
  if (want.field !== undefined && want.field !== conflict.field) return false
  if (want.resolver !== undefined && want.resolver !== conflict.resolver) {
    return false
  }
  if (!want.values) return true
  const have = conflict.values.map(({ values }) =>
    versionOf(world, record.type, values),
  )
  return sameVersions(have, want.values, conflict.field)
}

function sayConflict(world, { record, field, values, resolver }) {
  const type = world.office.tm.get(record)?.type
  const all = values.map((one) => versionOf(world, type, one.values))
  const name = world.names.nameOf(record)
  return `to decide: ${name}.${field}, between ${say(all)}, by ${resolver}`
}

function openDecisions(world, expected) {
  const open = [...world.office.tm.conflicts()]
  const missing = expected.filter((want) => {
    const at = open.findIndex((one) => conflictFits(world, one, want))
    if (at >= 0) open.splice(at, 1)
    return at < 0
  })
  return [
    ...missing.map((want) => `not to decide, but expected: ${say(want)}`),
    ...open.map((one) => sayConflict(world, one)),
  ]
}

const plain = (text) => String(text ?? '').replaceAll('_', ' ')

/** All that is kept and not merged, wherever it can be seen. */
function heldChanges(world) {
  const kept = world.office.tm
    .list('amendment', ({ fields: { decision } }) => !decision)
    .flatMap(({ fields }) => {
      const change = JSON.parse(fields.change ?? '[]')
      return change.map((edit) => ({
        record: edit.record,
        field: edit.field,
        value: edit.value,
        by: world.names.nameOf(fields.by),
        why: plain(fields.why_held),
      }))
    })
  const alone = Object.values(world.devices).flatMap(({ tm, person }) =>
    tm
      .held()
      // A whole change that is held is an amendment: counted above.
      .filter(({ field }) => field !== null)
      .map(({ record, field, reason }) => ({
        record,
        field,
        by: person,
        why: plain(reason),
      })),
  )
  return [...kept, ...alone]
}

function heldFits(world, held, want) {
  return (
    held.record === world.names.idOf(want.record) &&
    (want.field === undefined || held.field === want.field) &&
    (want.by === undefined || held.by === want.by) &&
    (want.why === undefined || held.why === plain(want.why)) &&
    (want.value === undefined || same(held.value, want.value))
  )
}

function held(world, expected) {
  for (const device of Object.keys(world.devices)) {
    world.names.idOf(world.devices[device].person)
  }
  const all = heldChanges(world)
  const is = all.map((one) => ({
    ...one,
    record: world.names.nameOf(one.record),
  }))
  if (!expected.length && all.length) return [`held: ${say(is)}`]
  return expected
    .filter((want) => !all.some((one) => heldFits(world, one, want)))
    .map((want) => `not held: ${say(want)}; held: ${say(is)}`)
}

/** 'possible duplicate: v1 v2' */
function noticeFits(world, notice, text) {
  const [kind, names = ''] = text.split(':')
  const ids = names.trim().split(/\s+/).filter(Boolean)
  const all = [notice.record, notice.other]
  return (
    plain(notice.kind) === plain(kind.trim()) &&
    ids.every((name) => all.includes(world.names.idOf(name)))
  )
}

function notices(world, expected) {
  const all = world.office.tm.notices()
  const is = all.map(({ kind, record, other }) => {
    const names = [record, other].filter(Boolean).map(world.names.nameOf)
    return `${plain(kind)}: ${names.join(' ')}`
  })
  if (!expected.length && all.length) return [`notices: ${say(is)}`]
  return expected
    .filter((text) => !all.some((one) => noticeFits(world, one, text)))
    .map((text) => `no notice '${text}'; there are ${say(is)}`)
}

function signBlocked(world, expected) {
  return expected.flatMap((name) => {
    const record = truth(world, name)
    if (!record) return [`${name} is not there`]
    const { state } = record.fields
    if (state === 'signed_off' || state === 'shared') {
      return [`${name} is signed`]
    }
    if (world.blocked.has(name)) return []
    const [last] = world.office.tm.signoffs(record.id)
    const isHeld = heldChanges(world).some(
      (one) => one.field === 'record' && one.value === record.id,
    )
    if (!last && isHeld) return [] // it is kept as a late change
    if (!last) return [`nobody has signed ${name}`]
    const isBlocked = !['signed', 'first_of_two'].includes(last.outcome)
    return isBlocked ? [] : [`the signature of ${name} is ${last.outcome}`]
  })
}

/** The newest signature of a record: { v: 'signed' }. */
const signatures = (world, expected) =>
  Object.entries(expected).flatMap(([name, want]) => {
    const [last] = world.office.tm.signoffs(world.names.idOf(name))
    const is = plain(last?.outcome)
    return is === plain(want) ? [] : [`the signature of ${name} is ${is}`]
  })

/* ---- What devices show ---- */

function removedFromDevice(world, expected) {
  return Object.entries(expected).flatMap(([device, buckets]) => {
    const { tm } = world.devices[device]
    return buckets.flatMap((bucket) => {
      const name = world.names.bucketOf(bucket)
      const isIn = tm.scope.some((one) => one.name === name)
      const left = tm.ids().filter((id) => tm.get(id)?.bucket === name)
      if (!isIn && !left.length) return []
      return [`${device} still holds ${bucket}`]
    })
  })
}

/** Does a person see it: { 'samir.ev': 'held' }. */
const status = (world, expected) =>
  Object.entries(expected).flatMap(([text, want]) => {
    const { record: device, field: name } = world.names.place(text)
    const is = world.devices[device].tm.statusOf(world.names.idOf(name))
    return is === want ? [] : [`${device} sees ${name} as ${is}, not ${want}`]
  })

/** Values that are not shown any more are kept: { 'v.kind': ['support'] }. */
async function inHistory(world, expected) {
  const { tm } = world.office
  const differs = []
  tm.resume()
  await tm.sync({ timeout: 20000 })
  for (const [text, want] of Object.entries(expected)) {
    const { record: name, field } = world.names.place(text)
    const { type } = truth(world, name) ?? {}
    const entries = await tm.history(world.names.idOf(name))
    const all = entries.filter((entry) => entry.field === field)
    for (const one of [want].flat()) {
      const value = world.names.value(fieldOf(type, field), one)
      if (all.some((entry) => same(entry.value, value))) continue
      differs.push(`${text}: ${say(one)} is not in its history`)
    }
  }
  tm.pause()
  return differs
}

/** All records of a bucket as a device shows them. */
export function bucketShown(tm, bucket) {
  const all = tm
    .ids()
    .map((id) => tm.get(id))
    .filter((record) => record?.bucket === bucket)
    .map(({ id, type, fields: shown, deleted: isGone, meta }) => [
      id,
      {
        type,
        fields: shown,
        deleted: isGone,
        flags: Object.entries(meta).map(([name, m]) => [name, flagsOf(m)]),
      },
    ])
  return Object.fromEntries(all)
}

function unlike(world, [one, a], [two, b]) {
  const theirs = new Set(b.tm.scope.map(({ name }) => name))
  for (const { name } of a.tm.scope) {
    if (!theirs.has(name)) continue
    const left = bucketShown(a.tm, name)
    const right = bucketShown(b.tm, name)
    for (const id of new Set([...Object.keys(left), ...Object.keys(right)])) {
      if (same(left[id], right[id])) continue
      const called = world.names.nameOf(id)
      return [
        `${called} is ${say(left[id]?.fields)} on ${one} ` +
          `and ${say(right[id]?.fields)} on ${two}`,
      ]
    }
  }
  return []
}

/** After everybody has synced once more. */
async function allDevicesEqual(world, want) {
  const all = Object.entries(world.devices)
  for (const [, device] of all) await syncDevice(world, device)
  const differs = all.slice(1).flatMap((other) => unlike(world, all[0], other))
  if (want) return differs
  return differs.length ? [] : ['all devices show the same']
}

const CHECKS = {
  fields,
  sets,
  contains,
  not_contains: notContains,
  flags,
  deleted,
  absent,
  records_of_type: recordsOfType,
  open_decisions: openDecisions,
  held,
  refused: held,
  notices,
  sign_blocked: signBlocked,
  signatures,
  removed_from_device: removedFromDevice,
  status,
  in_history: inHistory,
  all_devices_equal: allDevicesEqual,
}

/** What differs; empty: the story has passed. */
export async function judge(world) {
  await syncDevice(world, world.office)
  const differs = []
  const { expect = {} } = world.story
  for (const [name, expected] of Object.entries(expect)) {
    if (!CHECKS[name]) differs.push(`nobody knows how to check '${name}'`)
  }
  // In this order: the last of them lets everybody sync once more.
  for (const [name, check] of Object.entries(CHECKS)) {
    if (expect[name] === undefined) continue
    differs.push(...(await check(world, expect[name])))
  }
  return differs
}
