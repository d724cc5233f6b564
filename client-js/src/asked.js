// @ts-check
/**
 * The records that the server makes of what it merged (PROTOCOL.md, section
 * 3), as plain objects: what waits for a decision, what should be known, who
 * has signed. They are records like any other; this only reads them.
 */

import { parsed } from './decide.js'

/**
 * @typedef {import('./record.js').TmRecord} TmRecord
 * @typedef {import('./image.js').Image} Image
 * @typedef {import('./catalog.js').Catalog} Catalog
 *
 * @typedef {object} Version  one of those that stand
 * @property {string | null} by
 * @property {number} at
 * @property {number} version
 * @property {Readonly<Record<string, any>>} values
 *
 * @typedef {object} Conflict
 * @property {string} id
 * @property {string} record
 * @property {string} field     the field, or the group
 * @property {readonly Version[]} values  what is shown first
 * @property {string} resolver  whose decision it is
 * @property {number} found
 * @property {boolean} answered this device's answer is on its way
 *
 * @typedef {object} Amendment
 * @property {string} id
 * @property {string} record
 * @property {string | undefined} by
 * @property {number} made
 * @property {string} whyHeld
 * @property {readonly { record: string, op: string, field: string,
 *   value: any }[]} change
 *
 * @typedef {object} Notice
 * @property {string} id
 * @property {string} record
 * @property {'restored' | 'possible_duplicate' | 'late_arrival' |
 *   'sign_again'} kind
 * @property {string | undefined} other
 * @property {number} at
 * @property {readonly string[]} people
 *
 * @typedef {object} Signoff
 * @property {string} id
 * @property {string} record
 * @property {number} revision
 * @property {string} by
 * @property {number} at
 * @property {string | undefined} words
 * @property {string | undefined} asRole
 * @property {'signed' | 'sign_again' | 'undecided' | 'incomplete' |
 *   'not_allowed' | 'first_of_two' | undefined} outcome  none: not sent yet
 * @property {readonly { record: string, field: string, version: number }[]}
 *   differs  what the signer had not seen
 *
 * @typedef {object} Shelf
 * @property {(type: string, filter: (record: TmRecord) => boolean) =>
 *   TmRecord[]} list
 * @property {(id: string) => TmRecord | undefined} get
 * @property {() => Image} image
 * @property {Catalog} catalog
 * @property {() => string} me
 */

/** @param {string | undefined} id */
const about =
  (id) =>
  (/** @type {TmRecord} */ { fields }) =>
    id === undefined || fields.record === id

/** @param {{ at: number }} a @param {{ at: number }} b */
const newestFirst = (a, b) => b.at - a.at

/** Has somebody here chosen, and it has not been back?
 * @param {Shelf} shelf @param {TmRecord} conflict
 * @param {readonly Version[]} values */
function isAnswered({ image, catalog, get }, { fields }, values) {
  const record = get(fields.record)
  if (!record?.pending) return false
  const type = catalog.type(record.type)
  const all = Math.max(...values.map(({ version }) => version))
  const { pendingOf, outbox } = image()
  return [...(pendingOf.get(record.id) ?? [])]
    .flatMap((seq) => outbox.get(seq)?.touches ?? [])
    .filter((touch) => touch.record === record.id)
    .flatMap((touch) => touch.edits)
    .some((edit) => {
      const field = type.byNo.get(edit.field)
      const isOfUnit = field?.unitName === fields.field && field?.rule === 'ask'
      return isOfUnit && edit.seen >= all
    })
}

/** @param {Shelf} shelf @param {TmRecord} conflict @returns {Conflict} */
function conflictOf(shelf, conflict) {
  const { record, field, resolver, found } = conflict.fields
  const values = parsed(conflict.fields.values) ?? []
  const answered = isAnswered(shelf, conflict, values)
  const { id } = conflict
  return { id, record, field, values, resolver, found, answered }
}

/** @param {TmRecord} amendment @returns {Amendment} */
const amendmentOf = ({ id, fields }) => ({
  id,
  record: fields.record,
  by: fields.by,
  made: fields.made,
  whyHeld: fields.why_held,
  change: parsed(fields.change) ?? [],
})

/** @param {TmRecord} notice @returns {Notice} */
const noticeOf = ({ id, fields }) => ({
  id,
  record: fields.record,
  kind: fields.kind,
  other: fields.other,
  at: fields.at,
  people: fields.people ?? [],
})

/** @param {TmRecord} signoff @returns {Signoff} */
const signoffOf = ({ id, fields }) => ({
  id,
  record: fields.record,
  revision: fields.revision,
  by: fields.by,
  at: fields.at,
  words: fields.words,
  asRole: fields.as_role,
  outcome: fields.outcome,
  differs: fields.differs ? (parsed(fields.differs) ?? []) : [],
})

/** Open ones, oldest first. @param {Shelf} shelf @param {string} [id]
 * @returns {Conflict[]} */
export const conflictsOf = (shelf, id) =>
  shelf
    .list('conflict', (r) => about(id)(r) && r.fields.decided === undefined)
    .map((conflict) => conflictOf(shelf, conflict))
    .sort((a, b) => a.found - b.found)

/** Late changes that nobody has decided about. @param {Shelf} shelf
 * @param {string} [id] @returns {Amendment[]} */
export const amendmentsOf = (shelf, id) =>
  shelf
    .list('amendment', (r) => about(id)(r) && !r.fields.decision)
    .map(amendmentOf)
    .sort((a, b) => a.made - b.made)

/** @param {Shelf} shelf @param {string} [id] @returns {Notice[]} */
export const noticesOf = (shelf, id) =>
  shelf
    .list('notice', (r) => about(id)(r) || r.fields.other === id)
    .map(noticeOf)
    .sort(newestFirst)

/** @param {Shelf} shelf @param {string} id @returns {Signoff[]} */
export const signoffsOf = (shelf, id) =>
  shelf.list('signoff', about(id)).map(signoffOf).sort(newestFirst)

/** Has somebody decided about every late change of ours to this record?
 * @param {Shelf} shelf @param {string} id */
export function isSettled(shelf, id) {
  const me = shelf.me()
  const mine = shelf.list(
    'amendment',
    (r) => about(id)(r) && r.fields.by === me,
  )
  return mine.length > 0 && mine.every((r) => r.fields.decision)
}

/**
 * What a record waits for, or has come to, beyond being sent.
 * @param {Shelf} shelf @param {string} id
 * @returns {'needs_decision' | 'held' | 'signed' | 'shared' | null}
 */
export function settledStatus(shelf, id) {
  const record = shelf.get(id)
  const { state, revision } = /** @type {any} */ (record?.fields ?? {})
  const me = shelf.me()
  if (amendmentsOf(shelf, id).some(({ by }) => by === me)) return 'held'
  const kept = [...shelf.image().held.values()].some((h) => h.record === id)
  if (kept && !isSettled(shelf, id)) return 'held' // only the centre sees why
  if (conflictsOf(shelf, id).some(({ answered }) => !answered)) {
    return 'needs_decision'
  }
  if (state === 'signed_off' || state === 'shared') {
    const isCopied = shelf.list(
      'shared_report',
      ({ fields }) => fields.source === id && fields.revision === revision,
    ).length
    return state === 'shared' || isCopied ? 'shared' : 'signed'
  }
  const last = signoffsOf(shelf, id).find(({ by }) => by === me)
  const isAsked =
    last?.outcome === 'sign_again' || last?.outcome === 'undecided'
  return isAsked && last?.revision === revision ? 'needs_decision' : null
}
