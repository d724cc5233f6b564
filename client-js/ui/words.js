// @ts-check
/**
 * The words of the schema, as people read them: labels of types, fields and
 * choices. A field or choice of a newer schema than this app's reads as its
 * own name, never as an error.
 */

/** @param {any} tm @param {string} type */
export const typeOf = (tm, type) => tm.schema.types[type]

/** @param {any} tm @param {string} type */
export const typeLabel = (tm, type) => typeOf(tm, type)?.label ?? plain(type)

/** @param {any} tm @param {string} type @param {string} field */
export const fieldOf = (tm, type, field) => typeOf(tm, type)?.fields[field]

/** @param {any} tm @param {string} type @param {string} field */
export const fieldLabel = (tm, type, field) =>
  fieldOf(tm, type, field)?.label ?? capitalised(plain(field))

/** @param {any} tm @param {string} type @param {string} field */
export const fieldHint = (tm, type, field) =>
  fieldOf(tm, type, field)?.hint ?? ''

/** The choices of a list, as [value, label]. @param {any} tm
 *  @param {string} list @returns {[string, string][]} */
export const choices = (tm, list) => tm.schema.choices[list] ?? []

/** @param {any} tm @param {string} list @param {string | undefined} value */
export function choiceLabel(tm, list, value) {
  if (value === undefined) return ''
  const found = choices(tm, list).find(([name]) => name === value)
  return found ? found[1] : capitalised(plain(value))
}

/** @param {string} name */
const plain = (name) => name.replaceAll('_', ' ')
/** @param {string} text */
const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1)

/** The words for the state of a piece of work, and the icon beside them. */
export const STATUS = /** @type {const} */ ({
  on_this_tablet: { words: 'On this tablet', icon: 'tablet', tone: 'wait' },
  sending: { words: 'Sending', icon: 'send', tone: 'wait' },
  sent: { words: 'Sent', icon: 'check', tone: 'sent' },
  needs_decision: { words: 'Needs a decision', icon: 'hand', tone: 'ask' },
  held: { words: 'Held', icon: 'clock', tone: 'ask' },
  signed: { words: 'Signed', icon: 'pen', tone: 'sent' },
  shared: { words: 'Shared', icon: 'share', tone: 'sent' },
})

/** Why the trust has not taken a change in yet, for the person who wrote it. */
const HELD = /** @type {Record<string, string>} */ ({
  denied: 'You can read this, but not change it.',
  after_signoff:
    'It came after this was signed. The person who signed decides.',
  access_ended: 'It was written after your access here had ended.',
  lost_device: 'This tablet was reported lost when it was written.',
  once: 'This had been written already, and stays as it was first.',
  bad_value: 'One of its values does not fit.',
})

/** @param {{ reason: string }} held */
export const heldWords = ({ reason }) =>
  HELD[reason] ?? 'The central team needs to look at it.'
