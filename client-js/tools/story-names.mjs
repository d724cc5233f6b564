/**
 * Names of a story and what they stand for. A story calls everything by a
 * word: records, people, schools, buckets. Here a word becomes the id that the
 * record has on every device, and its bucket's name in full.
 *
 *     'v'                                 the record that the story calls so
 *     'self_evaluation:porthenwyn|fw1|spr26'   by its natural key
 *     'oversight/porthenwyn'              the bucket of that school
 *
 * One word may mean two things ('p' a priority, 'school/p' a school): the kind
 * that is asked for decides.
 */

import { SCHEMA } from '../src/schema.js'
import { namedId, naturalId } from '../src/id.js'

const KIND_OF_BUCKET = {
  school: 'school',
  oversight: 'school',
  review: 'review',
  person: 'person',
}

/** Said about the story itself, not about the product. */
export class StoryError extends Error {}

export function typeOf(name) {
  const type = SCHEMA.types[name]
  if (!type) throw new StoryError(`there is no record type '${name}'`)
  return type
}

export function fieldOf(typeName, name) {
  const field = typeOf(typeName).fields[name]
  if (!field) throw new StoryError(`${typeName} has no field '${name}'`)
  return field
}

/** Milliseconds of '2026-01-14T10:00' (UTC), of a date, or of a number. */
export function timeOf(text) {
  if (typeof text === 'number') return text
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text)
  const ms = Date.parse(isDay ? `${text}T00:00Z` : hasZone ? text : `${text}Z`)
  if (Number.isNaN(ms)) throw new StoryError(`'${text}' is not a time`)
  return ms
}

/**
 * @param {any} story
 * @param {readonly any[]} stage  records {type, id, fields} that are there for
 *   every story, with words for ids
 */
export function createNames(story, stage) {
  /** Records of the story: word → {type, fields, bucket}. */
  const own = new Map(Object.entries(story.start ?? {}))
  for (const step of story.steps ?? []) {
    if (step.do === 'create' && step.id) own.set(step.id, step)
  }
  const staged = new Map(stage.map((record) => [record.id, record]))
  const back = new Map()

  /** The story's own record of that name, or the one of that kind on stage. */
  function wordOf(name, kinds) {
    const record = own.get(name)
    const fits = !kinds || kinds.includes('any') || !record
    if (fits || kinds.includes(record.type)) return name
    return `${name} (${kinds[0]})`
  }

  const kindsOf = (field) => (field.ref ?? 'any').split('|')

  function keyPart(type, name, value) {
    const field = type.fields[name]
    const isRef = field.type === 'ref'
    return isRef
      ? idOfWord(wordOf(value ?? '', kindsOf(field)))
      : `${value ?? ''}`
  }

  function idOfKey(typeName, values) {
    const type = typeOf(typeName)
    const natural = type.identity?.natural ?? []
    if (values.length !== natural.length) {
      throw new StoryError(
        `the key of a ${typeName} has ${natural.length} parts`,
      )
    }
    const parts = natural.map((name, i) => keyPart(type, name, values[i]))
    return naturalId(typeName, parts)
  }

  function idOfWord(word) {
    const record = own.get(word) ?? staged.get(word)
    const natural = record && typeOf(record.type).identity?.natural
    const id = natural
      ? idOfKey(
          record.type,
          record.natural ?? natural.map((name) => record.fields?.[name]),
        )
      : namedId(word)
    back.set(id, word)
    return id
  }

  /** Of a record as steps and expectations name it. */
  function idOf(name) {
    const key = /^([a-z_]+):(.*)$/.exec(name)
    if (!key || own.has(name)) return idOfWord(name)
    const id = idOfKey(key[1], key[2].split('|'))
    back.set(id, name)
    return id
  }

  /** A bucket with its record's word after the stroke. */
  function bucketWord(name) {
    const [kind, which] = name.split('/')
    if (which === undefined) return name
    return `${kind}/${wordOf(which, [KIND_OF_BUCKET[kind] ?? 'any'])}`
  }

  function bucketOf(name) {
    const [kind, which] = bucketWord(name).split('/')
    return which === undefined ? kind : `${kind}/${idOfWord(which)}`
  }

  /** A value of that field with `turn` for each word that stands for a record. */
  function mapped(field, value, turn) {
    if (value === null || value === undefined) return value
    switch (field.type) {
      case 'ref':
        return turn(wordOf(value, kindsOf(field)))
      case 'refs':
        return [value].flat().map((one) => turn(wordOf(one, kindsOf(field))))
      case 'choices':
        return [value].flat()
      case 'datetime':
        return timeOf(value)
      case 'document':
        return typeof value === 'string' ? value : JSON.stringify(value)
      default:
        return value
    }
  }

  return {
    own,
    idOf,
    bucketOf,
    bucketWord,
    wordOf,
    value: (field, value) => mapped(field, value, idOfWord),
    words: (field, value) => mapped(field, value, (word) => word),
    /** For people to read. */
    nameOf: (id) => back.get(id) ?? id,
    /** The record and the field of 'v.findings'. */
    place: (text) => {
      const at = text.lastIndexOf('.')
      if (at < 0) throw new StoryError(`'${text}' names no field`)
      return { record: text.slice(0, at), field: text.slice(at + 1) }
    },
  }
}
