// @ts-check
/** A field's value as people read it. */
import { listed, moment, plainDate } from './format.js'
import { personName, titleOf } from './model.js'
import { choiceLabel, fieldOf } from './words.js'

/** @param {any} tm @param {string} type @param {string} field
 *  @param {any} value @returns {string} */
export function valueWords(tm, type, field, value) {
  if (value === undefined || value === null || value === '') return 'Empty'
  const def = fieldOf(tm, type, field) ?? {}
  const named = (/** @type {string} */ id) =>
    def.ref === 'person' ? personName(tm, id) : titleOf(tm, tm.get(id))
  switch (def.type) {
    case 'date':
      return plainDate(value)
    case 'datetime':
      return moment(value)
    case 'bool':
      return value ? 'Yes' : 'No'
    case 'choice':
      return choiceLabel(tm, def.choices, value)
    case 'choices':
      return (
        listed(
          value.map((/** @type {string} */ v) =>
            choiceLabel(tm, def.choices, v),
          ),
        ) || 'None'
      )
    case 'ref':
      return named(value)
    case 'refs':
      return listed(value.map(named)) || 'None'
    case 'document':
      return 'A fixed copy'
    default:
      return Array.isArray(value) ? listed(value.map(String)) : String(value)
  }
}

/** Is it read as running text? @param {any} tm @param {string} type
 *  @param {string} field */
export const isText = (tm, type, field) => {
  const kind = fieldOf(tm, type, field)?.type
  return kind === 'text' || kind === 'string'
}
