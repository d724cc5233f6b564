// @ts-check
/**
 * The schema (schema.js) as the library asks it: by number and by name, which
 * fields form a unit, what a value must be, and who may do what where.
 *
 * What is checked here only spares a person a held change; the server decides.
 */

import { fail } from './fault.js'
import { SET_ELEMENTS_MAX } from './change.js'
import { idValue } from './wire.js'
import { isId } from './id.js'

export const TEXT_CHARS_MAX = 100000

/**
 * @typedef {import('./image.js').Value} Value
 * @typedef {'string' | 'text' | 'choice' | 'date' | 'datetime' | 'int' |
 *   'decimal' | 'bool' | 'ref' | 'choices' | 'refs' | 'document'} Kind
 * @typedef {'latest' | 'text' | 'ask' | 'set' | 'rank' | 'once'} Rule
 *
 * @typedef {object} Field
 * @property {number} no
 * @property {string} name
 * @property {string} label
 * @property {Kind} kind
 * @property {Rule} rule
 * @property {number} max  characters; 0: only the protocol's limit
 * @property {ReadonlySet<string> | null} choices
 * @property {readonly number[]} unit  the fields that conflict together
 * @property {string} unitName  what a conflict of it is called
 * @property {readonly any[] | null} order  of a rank, the least first
 * @property {string | null} reopenedBy  a rank goes back when this is raised
 *
 * @typedef {object} Type
 * @property {number} no
 * @property {string} name
 * @property {readonly string[] | null} natural
 * @property {boolean} isSigned  it has a life that ends in a signature
 * @property {string | null} signedWith  points at what it is signed with
 * @property {Field | null} rank  what reopening sets back: a state, a status
 * @property {Readonly<Record<string, readonly string[]>>} roles
 * @property {ReadonlyMap<string, Field>} fields
 * @property {ReadonlyMap<number, Field>} byNo
 *
 * @typedef {object} Catalog
 * @property {(name: string) => Type} type        throws unknown_type
 * @property {(no: number) => Type | undefined} typeNo
 * @property {(type: number, field: number) => Field | undefined} field
 */

/** @param {any} field @param {any} schema */
function choicesOf(field, schema) {
  const list = field.choices ? schema.choices[field.choices] : undefined
  if (!list) return null
  return new Set(
    list.map((/** @type {any} */ c) => (Array.isArray(c) ? c[0] : c)),
  )
}

/** @param {any} all @param {any} field @returns {number[]} */
function unitOf(all, field) {
  if (!field.group) return [field.id]
  return Object.values(all)
    .filter((/** @type {any} */ other) => other.group === field.group)
    .map((/** @type {any} */ other) => other.id)
}

/** @param {string} name @param {any} type @param {any} schema @returns {Type} */
function readType(name, type, schema) {
  /** @type {Field[]} */
  const fields = Object.entries(type.fields).map(([name, field]) => ({
    no: field.id,
    name,
    label: field.label ?? name,
    kind: field.type,
    rule: field.merge,
    max: field.max ?? 0,
    choices: choicesOf(field, schema),
    unit: unitOf(type.fields, field),
    unitName: field.group ?? name,
    order: field.order ?? null,
    reopenedBy: field.reopened_by ?? null,
  }))
  return {
    no: type.id,
    name,
    natural: type.identity?.natural ?? null,
    isSigned: type.life !== undefined,
    signedWith: type.signed_with ?? null,
    rank: fields.find((field) => field.reopenedBy) ?? null,
    roles: type.roles,
    fields: new Map(fields.map((field) => [field.name, field])),
    byNo: new Map(fields.map((field) => [field.no, field])),
  }
}

/** @param {any} schema @returns {Catalog} */
export function createCatalog(schema) {
  /** @type {Map<string, Type>} */
  const byName = new Map()
  /** @type {Map<number, Type>} */
  const byNo = new Map()
  for (const [name, raw] of Object.entries(schema.types)) {
    const type = readType(name, raw, schema)
    byName.set(name, type)
    byNo.set(type.no, type)
  }
  return {
    type: (name) =>
      byName.get(name) ?? fail('unknown_type', `no record type '${name}'`),
    typeNo: (no) => byNo.get(no),
    field: (type, field) => byNo.get(type)?.byNo.get(field),
  }
}

/** @param {Type} type @param {string} name @returns {Field} */
export const fieldNamed = (type, name) =>
  type.fields.get(name) ??
  fail('unknown_field', `${type.name} has no field '${name}'`)

/** Code points. @param {string} text */
export function charsOf(text) {
  let chars = 0
  for (let i = 0; i < text.length; chars++) {
    i += /** @type {number} */ (text.codePointAt(i)) > 0xffff ? 2 : 1
  }
  return chars
}

// A surrogate that is not one of a pair, or U+0000: no valid text.
const BROKEN =
  /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/

/** @param {unknown} value @param {Field} field */
function isText(value, field) {
  if (typeof value !== 'string' || BROKEN.test(value)) return false
  const most = field.max || TEXT_CHARS_MAX
  return value.length <= most || charsOf(value) <= most
}

/** @param {unknown} value */
function isDate(value) {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value))
    return false
  const day = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(value)
}

/** @param {unknown} value */
function isJson(value) {
  try {
    JSON.parse(/** @type {string} */ (value))
    return true
  } catch {
    return false
  }
}

/** @param {unknown} value @param {Field} field @returns {boolean} */
function elementFits(value, field) {
  if (field.kind === 'refs') return isId(value)
  if (typeof value !== 'string' || value === '') return false
  return !field.choices || field.choices.has(value)
}

/** @param {unknown} value @param {Field} field @returns {boolean} */
function fits(value, field) {
  switch (field.kind) {
    case 'string':
    case 'text':
      return isText(value, field)
    case 'document':
      return isText(value, field) && isJson(value)
    case 'choice':
      if (typeof value !== 'string') return false
      return field.choices ? field.choices.has(value) : isText(value, field)
    case 'date':
      return isDate(value)
    case 'datetime':
    case 'int':
      return Number.isSafeInteger(value)
    case 'decimal':
      return typeof value === 'number' && Number.isFinite(value)
    case 'bool':
      return typeof value === 'boolean'
    case 'ref':
      return isId(value)
    case 'choices':
    case 'refs':
      return (
        Array.isArray(value) &&
        value.length <= SET_ELEMENTS_MAX &&
        value.every((element) => elementFits(element, field))
      )
  }
}

/** Sets stand in one order. @param {readonly string[]} elements */
export const asSet = (elements) => [...new Set(elements)].sort()

/**
 * The value as it is kept, or bad_value. Empty: null.
 * @param {Type} type @param {Field} field @param {unknown} value
 * @returns {Value}
 */
export function checkedValue(type, field, value) {
  if (value === undefined || value === null || value === '') return null
  if (!fits(value, field)) {
    fail(
      'bad_value',
      `${type.name}.${field.name}: not a ${field.kind} that is allowed here`,
    )
  }
  if (!Array.isArray(value)) return /** @type {Value} */ (value)
  return value.length ? asSet(value) : null
}

/** @param {Type} type @param {Field} field @param {unknown} element */
export function checkElement(type, field, element) {
  if (field.kind !== 'choices' && field.kind !== 'refs') {
    fail('bad_op', `${type.name}.${field.name} is not a set`)
  }
  if (!elementFits(element, field)) {
    fail('bad_value', `${type.name}.${field.name}: no such element`)
  }
}

/** As an edit carries it: refs as bytes. @param {Field} field @param {any} value */
export function wireValue(field, value) {
  if (value === null) return null
  if (field.kind === 'ref') return idValue(value)
  if (field.kind === 'refs') return value.map(idValue)
  return value
}

/** One part of a natural key, as text. @param {unknown} value */
const keyPart = (value) =>
  value === undefined || value === null
    ? fail('bad_value', 'a part of the natural key is missing')
    : String(value)

/** @param {Type} type @param {Record<string, unknown>} fields */
export const keyParts = (type, fields) =>
  (type.natural ?? []).map((name) => keyPart(fields[name]))

/** Roles that depend on the record at hand: yes, as far as we can tell. */
const BY_RECORD = new Set(['author', 'as parent', 'resolver', 'signer', 'lead'])

/**
 * May somebody with these roles in the bucket do that to records of the type?
 * @param {Type} type @param {string} op @param {readonly string[]} roles
 */
export function mayDo(type, op, roles) {
  if (!roles.length) return false
  const allowed = type.roles[op] ?? []
  return allowed.some((role) => roles.includes(role) || BY_RECORD.has(role))
}
