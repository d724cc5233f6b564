#!/usr/bin/env node
// @ts-nocheck: plain JSON in, text out
/**
 * From schema/records.json what a device needs of it:
 *
 *   client-js/src/schema.js     types, fields, choices, roles
 *   client-js/src/framework.js  the statements of the framework, apart, so that
 *                               only who shows them carries them
 *   client-js/src/schema.d.ts   one interface per record type
 *
 * All three are committed; `--check` says whether they are up to date. The
 * server refuses a file that is not valid, so nothing is validated here.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const HEAD = '// Made from schema/records.json by schema/generate.mjs.\n'

/** Roles whose meaning depends on the record, by the name that devices use. */
const SAME = {
  'lead reviewer': 'lead',
  'per record type': 'as parent',
  none: null,
  'none before retention': null,
}

const roleList = (list = []) =>
  [...new Set(list.map((role) => (role in SAME ? SAME[role] : role)))].filter(
    (role) => role !== null,
  )

/** Without what is undefined or as usual. */
const kept = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined))

function field(f) {
  return kept({
    id: f.id,
    label: f.label ?? f.name,
    hint: f.hint,
    type: f.type,
    merge: f.merge,
    ref: f.ref,
    choices: f.choices,
    order: f.order,
    reopened_by: f.reopened_by,
    max: f.max,
    group: f.group,
    needed: f.needed,
    write: f.write && roleList(f.write),
    resolver: f.resolver && (SAME[f.resolver] ?? f.resolver),
  })
}

function titleOf(type) {
  const usual = ['title', 'name'].find((name) =>
    type.fields.some((f) => f.name === name && f.type === 'string'),
  )
  return type.title ?? usual
}

function parentOf(type) {
  const all = [type.bucket, ...Object.values(type.roles ?? {}).flat()]
  if (!all.includes('as parent') && !all.includes('per record type')) return
  return ['parent', 'record'].find((name) =>
    type.fields.some((f) => f.name === name),
  )
}

function type(t) {
  const operations = ['create', 'read', 'write', 'sign', 'delete']
  return kept({
    id: t.id,
    label: t.label ?? t.type,
    help: t.help,
    bucket: t.bucket,
    identity: t.identity?.natural ? t.identity : undefined,
    title: titleOf(t),
    parent: parentOf(t),
    signed_with: t.signed_with,
    alike: t.alike,
    life: t.life === 'none' ? undefined : t.life,
    roles: Object.fromEntries(
      operations.map((op) => [op, roleList(t.roles?.[op])]),
    ),
    fields: Object.fromEntries(t.fields.map((f) => [f.name, field(f)])),
  })
}

function schema(records) {
  return {
    version: records.version,
    roles: Object.fromEntries(
      Object.entries(records.roles).map(([name, { about, reach, tablet }]) => [
        name,
        { about, reach, tablet: tablet ?? true },
      ]),
    ),
    choices: records.choices ?? {},
    types: Object.fromEntries(records.types.map((t) => [t.type, type(t)])),
  }
}

/* ---- As JavaScript: one field, role or list of choices a line ---- */

const js = (value) => {
  if (Array.isArray(value)) return `[${value.map(js).join(', ')}]`
  if (value !== null && typeof value === 'object') {
    const all = Object.entries(value).map(([k, v]) => `${key(k)}: ${js(v)}`)
    return all.length ? `{ ${all.join(', ')} }` : '{}'
  }
  return JSON.stringify(value)
}

const key = (name) => (/^[a-z_][a-z0-9_]*$/i.test(name) ? name : js(name))

const lines = (object, indent) =>
  Object.entries(object)
    .map(([k, v]) => `${indent}${key(k)}: ${js(v)},\n`)
    .join('')

function typeLines([name, t]) {
  const { fields, ...rest } = t
  return (
    `    ${key(name)}: {\n${lines(rest, '      ')}      fields: {\n` +
    `${lines(fields, '        ')}      },\n    },\n`
  )
}

function schemaJs(s) {
  return (
    `${HEAD}// prettier-ignore\nexport const SCHEMA = {\n` +
    `  version: ${js(s.version)},\n` +
    `  roles: {\n${lines(s.roles, '    ')}  },\n` +
    `  choices: {\n${lines(s.choices, '    ')}  },\n` +
    `  types: {\n${Object.entries(s.types).map(typeLines).join('')}  },\n}\n`
  )
}

const frameworkJs = (framework) =>
  `${HEAD}// prettier-ignore\n` +
  `export const FRAMEWORK = ${JSON.stringify(framework ?? null, null, 1)}\n`

/* ---- As types ---- */

const pascal = (name) =>
  name.replace(/(^|_)([a-z0-9])/g, (_, __, letter) => letter.toUpperCase())

const quoted = (list) => list.map((code) => `'${code}'`).join(' | ')

function codes(f) {
  if (Array.isArray(f.choices)) return quoted(f.choices.map((c) => [c].flat()[0]))
  return `Choices['${f.choices}']`
}

function typeOfField(f) {
  switch (f.type) {
    case 'choice':
      return codes(f)
    case 'choices':
      return `readonly (${codes(f)})[]`
    case 'refs':
      return 'readonly Id[]'
    case 'ref':
      return 'Id'
    case 'date':
      return 'DateText'
    case 'datetime':
      return 'Milliseconds'
    case 'int':
    case 'decimal':
      return 'number'
    case 'bool':
      return 'boolean'
    default:
      return 'string'
  }
}

function interfaceOf([name, t]) {
  const fields = Object.entries(t.fields)
    .map(([k, f]) => `  /** ${f.label} */\n  ${key(k)}?: ${typeOfField(f)}\n`)
    .join('')
  return `/** ${t.label} */\nexport interface ${pascal(name)} {\n${fields}}\n`
}

const FIXED = `
/** A UUID in lower case. */
export type Id = string
/** YYYY-MM-DD */
export type DateText = string
/** Since 1970, UTC. */
export type Milliseconds = number

export interface SchemaField {
  id: number
  label: string
  hint?: string
  type: 'string' | 'text' | 'choice' | 'date' | 'datetime' | 'int' | 'decimal'
    | 'bool' | 'ref' | 'choices' | 'refs' | 'document'
  merge: 'latest' | 'text' | 'ask' | 'set' | 'rank' | 'once'
  /** The types that it may refer to, with | between; 'any'. */
  ref?: string
  /** The name of a list in \`choices\`, or the list. */
  choices?: string | readonly (string | readonly [string, string])[]
  /** The least first. */
  order?: readonly (string | boolean)[]
  /** A rank: it goes back only together with a raise of this field. */
  reopened_by?: string
  /** Code points. */
  max?: number
  /** Fields of one group conflict together. */
  group?: string
  needed?: 'create' | 'submit' | 'sign'
  /** Narrower than the type's. */
  write?: readonly string[]
  resolver?: string
}

export interface SchemaType {
  id: number
  label: string
  help?: string
  bucket: string
  identity?: { natural: readonly string[] }
  /** The field that a person calls it by. */
  title?: string
  /** The field that points at the record whose bucket and people it shares. */
  parent?: string
  /** The field that points at the record with which it is signed. */
  signed_with?: string
  /** Two with the same of these may be one thing. */
  alike?: readonly string[]
  /** Its life cycle: 'standard', 'visit' or 'review'. */
  life?: string
  roles: Readonly<
    Record<'create' | 'read' | 'write' | 'sign' | 'delete', readonly string[]>
  >
  fields: Readonly<Record<string, SchemaField>>
}

export interface Schema {
  version: string
  roles: Readonly<
    Record<string, { about?: string; reach: readonly string[]; tablet: boolean }>
  >
  choices: Readonly<Record<string, readonly (readonly [string, string])[]>>
  types: Readonly<Record<string, SchemaType>>
}

export const SCHEMA: Schema
`

function schemaDts(s) {
  const choices = Object.entries(s.choices)
    .map(([name, list]) => `  ${key(name)}: ${quoted(list.map(([c]) => c))}\n`)
    .join('')
  const records = Object.keys(s.types)
    .map((name) => `  ${key(name)}: ${pascal(name)}\n`)
    .join('')
  return (
    `${HEAD}${FIXED}\nexport interface Choices {\n${choices}}\n\n` +
    `${Object.entries(s.types).map(interfaceOf).join('\n')}\n` +
    `export interface Records {\n${records}}\n`
  )
}

/** The files by their path from the repository's root. @param {any} records */
export function generate(records) {
  const s = schema(records)
  return {
    'client-js/src/schema.js': schemaJs(s),
    'client-js/src/framework.js': frameworkJs(records.framework),
    'client-js/src/schema.d.ts': schemaDts(s),
  }
}

const root = new URL('../', import.meta.url)

/** @returns {[string, string][]} paths and texts that are not up to date */
export function stale() {
  const records = JSON.parse(
    readFileSync(new URL('schema/records.json', root), 'utf8'),
  )
  const was = (path) => {
    try {
      return readFileSync(new URL(path, root), 'utf8')
    } catch {
      return ''
    }
  }
  return Object.entries(generate(records)).filter(
    ([path, text]) => was(path) !== text,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const old = stale()
  if (process.argv.includes('--check')) {
    for (const [path] of old) console.error(`${path} is not up to date`)
    process.exitCode = old.length ? 1 : 0
  } else {
    for (const [path, text] of old) writeFileSync(new URL(path, root), text)
  }
}
