/**
 * The stage of a story: the people of the sample trust in their roles, the
 * schools, and the records with which the story starts, as a sample file that
 * `tidemark init --demo` reads: written by the trust itself, before any device.
 *
 * Everybody in the story can reach what it makes them touch: hub leads all its
 * schools, school people their own, reviewers its reviews.
 */

import { readFileSync } from 'node:fs'
import { createNames, fieldOf, timeOf, typeOf } from './story-names.mjs'

const SAMPLE = JSON.parse(
  readFileSync(new URL('../../schema/sample.json', import.meta.url), 'utf8'),
)
const KEPT = ['hub', 'school', 'person', 'term', 'framework_version']
const BY = 'morwenna' // the central team
const HUB = 'arvor'
const LONG_AGO = '2000-01-01'
const DAY_MS = 24 * 60 * 60 * 1000
const IN_SCHOOL = ['sendco', 'headteacher', 'slt']
const ROLE_IN = {
  oversight: 'hub_lead',
  school: 'sendco',
  review: 'reviewer',
  network: 'hub_lead',
}

const base = SAMPLE.records.filter(({ type }) => KEPT.includes(type))

/** Person → roles, but for those on a review team. */
const sampleRoles = SAMPLE.records
  .filter(({ type, fields }) => {
    return type === 'role_assignment' && !fields.scope.startsWith('review/')
  })
  .map(({ fields: { person, role, scope } }) => ({ person, role, scope }))

const personOf = (device) =>
  typeof device === 'string' ? device : device.person

/** Who touches what, by the story's own names. */
function touchedBy(story) {
  const all = new Map()
  const persons = new Map(
    Object.entries(story.devices ?? {}).map(([name, device]) => [
      name,
      personOf(device),
    ]),
  )
  for (const person of persons.values()) all.set(person, new Set())
  const bucketOf = new Map(
    Object.entries(story.start ?? {}).map(([name, { bucket }]) => [
      name,
      bucket,
    ]),
  )
  for (const step of story.steps ?? []) {
    if (step.do === 'create' && step.id) bucketOf.set(step.id, step.bucket)
  }
  for (const step of story.steps ?? []) {
    const person = step.person ?? persons.get(step.device)
    const bucket = step.bucket ?? bucketOf.get(step.record)
    if (!person) continue
    if (!all.has(person)) all.set(person, new Set())
    if (bucket) all.get(person).add(bucket)
  }
  for (const [device, buckets] of Object.entries(
    story.expect?.removed_from_device ?? {},
  )) {
    for (const bucket of buckets) all.get(persons.get(device))?.add(bucket)
  }
  return { touched: all, buckets: new Set(bucketOf.values()) }
}

/** What somebody does in the trust, mostly. */
function mainRole(person, touched) {
  const known = sampleRoles.find((one) => one.person === person)
  if (known) return known.role
  const sample = base.find(({ id }) => id === person)
  if (sample?.fields.organisation) return 'partner_reviewer'
  for (const bucket of touched) {
    const role = ROLE_IN[bucket.split('/')[0]]
    if (role) return role
  }
  return 'central_admin'
}

/** The roles that one person needs for this story, as {role, scope}. */
function rolesFor(person, touched, buckets, hubOf) {
  const role = mainRole(person, touched)
  const known = sampleRoles.some((one) => one.person === person)
  const needed = []
  if (role === 'central_admin' || role === 'trust_lead' || role === 'dpo') {
    return known ? [] : [{ role, scope: 'trust' }]
  }
  for (const bucket of [...buckets, ...touched]) {
    const [kind, which] = bucket.split('/')
    const isSchool = kind === 'school' || kind === 'oversight'
    if (isSchool && role === 'hub_lead') {
      needed.push({ role, scope: `hub/${hubOf(which)}` })
    }
    if (kind === 'school' && IN_SCHOOL.includes(role) && touched.has(bucket)) {
      needed.push({ role, scope: bucket })
    }
    if (kind === 'review' && !IN_SCHOOL.includes(role)) {
      const on = role === 'partner_reviewer' ? role : 'reviewer'
      needed.push({ role: on, scope: bucket })
    }
  }
  if (!known && role === 'hub_lead' && !needed.length) {
    needed.push({ role, scope: `hub/${HUB}` })
  }
  return needed
}

/** A school, hub or person that only this story knows. */
function newcomer(type, id) {
  const fields = {
    school: { name: id, phase: 'primary', hub: HUB, status: 'active' },
    person: { name: id[0].toUpperCase() + id.slice(1), from: LONG_AGO },
  }[type]
  return { type, id, bucket: type === 'school' ? 'common' : 'staff', fields }
}

function schoolsOf(buckets, names) {
  return [...buckets]
    .map((bucket) => names.bucketWord(bucket).split('/'))
    .filter(([kind]) => kind === 'school' || kind === 'oversight')
    .map(([, word]) => word)
}

/** Times in full, as a sample file has them. */
const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

function startRecord(names, word, record, at) {
  typeOf(record.type)
  const fields = {}
  for (const [name, value] of Object.entries(record.fields ?? {})) {
    const field = fieldOf(record.type, name)
    const words = names.words(field, value)
    if (words === null || words === undefined) continue
    fields[name] = field.type === 'datetime' ? iso(words) : words
    if (field.type === 'document') fields[name] = JSON.parse(words)
  }
  const bucket = names.bucketWord(record.bucket)
  const by = record.by ?? BY
  return { type: record.type, id: word, bucket, by, at, fields }
}

/**
 * @param {any} story
 * @returns what `init` is given, the story's names, when it starts, and the
 *   scopes of everybody's roles
 */
export function setStage(story) {
  const { touched, buckets } = touchedBy(story)
  const names = createNames(story, base)
  const from = Math.min(...story.steps.map(({ at }) => timeOf(at)))
  const begins = from - DAY_MS
  const at = iso(begins)
  const there = new Set(base.map(({ id }) => id))
  const extra = []
  const add = (type, id) => {
    if (there.has(id) || names.own.has(id)) return
    there.add(id)
    extra.push(newcomer(type, id))
  }
  for (const word of schoolsOf(buckets, names)) add('school', word)
  for (const person of touched.keys()) add('person', person)
  const hubOf = (school) => {
    const word = names.wordOf(school, ['school'])
    return base.find(({ id }) => id === word)?.fields.hub ?? HUB
  }
  const roles = [...sampleRoles]
  for (const [person, own] of touched) {
    for (const one of rolesFor(person, own, buckets, hubOf)) {
      const scope = names.bucketWord(one.scope)
      const known = roles.some(
        (r) => r.person === person && r.role === one.role && r.scope === scope,
      )
      if (!known) roles.push({ person, role: one.role, scope })
    }
  }
  const assignments = roles.map((role, i) => ({
    type: 'role_assignment',
    id: `role ${i + 1} of ${role.person}`,
    bucket: 'admin',
    fields: { ...role, from: LONG_AGO },
  }))
  const staged = [...base, ...extra, ...assignments].map((record) => ({
    ...record,
    by: BY,
    at,
  }))
  const start = Object.entries(story.start ?? {}).map(([word, record]) =>
    startRecord(names, word, record, at),
  )
  return {
    names,
    begins,
    sample: {
      today: new Date().toISOString().slice(0, 10),
      records: [...staged, ...start],
    },
    /** Records that are on stage whatever the story is. */
    stagedIds: new Set(staged.map(({ id }) => names.idOf(id))),
    /** Ids of the roles that let a person into a bucket. */
    rolesInto: (person, bucket) =>
      rolesInto(names, roles, hubOf, person, bucket),
    codeOf: (person) => {
      const record = [...staged, ...start].find(({ id }) => id === person)
      const [first] = String(record?.fields.name ?? person).split(' ')
      return `DEMO-${first.replace(/[a-z]/g, (c) => c.toUpperCase())}`
    },
  }
}

function rolesInto(names, roles, hubOf, person, bucket) {
  const [kind, which] = bucket.split('/')
  const isSchool = kind === 'school' || kind === 'oversight'
  const scopes = [names.bucketWord(bucket)]
  if (isSchool) scopes.push(`hub/${hubOf(which)}`)
  if (isSchool) scopes.push(names.bucketWord(`school/${which}`))
  return roles
    .map((role, i) => ({
      ...role,
      id: names.idOf(`role ${i + 1} of ${role.person}`),
    }))
    .filter((role) => role.person === person)
    .filter(({ scope }) => scope === 'trust' || scopes.includes(scope))
    .map(({ id }) => id)
}
