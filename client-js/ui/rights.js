// @ts-check
/**
 * Whose part something is: the server's rules, as far as this device can tell,
 * so that nobody is offered a button that will do nothing. The server has the
 * last word.
 */
import { choices, fieldLabel } from './words.js'

/** The roles that are ours in a record's bucket. @param {any} tm
 *  @param {any} record @returns {readonly string[]} */
export const rolesIn = (tm, record) =>
  tm.scope.find((/** @type {any} */ b) => b.name === record?.bucket)?.roles ??
  []

/** The record that this one is signed with; else itself. @param {any} tm
 *  @param {any} record */
export function whole(tm, record) {
  const above = tm.schema.types[record?.type]?.signed_with
  return (above && tm.get(record.fields[above])) ?? record
}

/** Do we lead the visit or the review? @param {any} tm @param {any} record */
const leads = (tm, record) =>
  record?.fields.lead === tm.person.id ||
  whole(tm, record)?.fields.lead === tm.person.id

/** @param {any} tm @param {any} record a visit, a review … */
export function maySign(tm, record) {
  const signers = tm.schema.types[record?.type]?.roles.sign ?? []
  const roles = rolesIn(tm, record)
  return signers.some((/** @type {string} */ role) =>
    role === 'lead reviewer' ? leads(tm, record) : roles.includes(role),
  )
}

/** The role we sign in. @param {any} tm @param {any} record */
export function signingRole(tm, record) {
  const signers = tm.schema.types[record.type].roles.sign
  const roles = rolesIn(tm, record)
  const role = signers.find((/** @type {string} */ r) => roles.includes(r))
  return role ?? 'lead reviewer'
}

/** @param {any} tm @param {any} conflict of tm.conflicts() */
export function mayDecide(tm, conflict) {
  const record = tm.get(conflict.record)
  const roles = rolesIn(tm, record)
  const who = conflict.resolver
  if (!who || roles.includes('central_admin')) return roles.length > 0
  return who.startsWith('lead') ? leads(tm, record) : roles.includes(who)
}

/** Who decides, in words. @param {any} tm @param {any} conflict */
export function decider(tm, conflict) {
  const record = whole(tm, tm.get(conflict.record))
  const who = conflict.resolver ?? ''
  const lead = who.startsWith('lead') && tm.get(record?.fields.lead)
  if (lead) return lead.fields.name
  return who === 'trust_lead' ? 'The trust lead' : 'The central team'
}

/** What a late change is about: a record that is here; of one that it would
 *  begin, what that belongs to. @param {any} tm @param {any} amendment */
export function aboutOf(tm, { record, change }) {
  const up = change.find((/** @type {any} */ e) =>
    ['parent', 'review'].includes(e.field),
  )
  return tm.get(record) ?? (up && tm.get(up.value))
}

/** May we let a late change in? @param {any} tm @param {any} amendment */
export function maySettle(tm, amendment) {
  const record = whole(tm, aboutOf(tm, amendment))
  const roles = rolesIn(tm, record ?? tm.get(amendment.id))
  return (
    roles.includes('central_admin') ||
    roles.includes('trust_lead') ||
    maySign(tm, record)
  )
}

export const isSigned = (/** @type {any} */ record) =>
  ['signed_off', 'shared'].includes(record?.fields.state)

/** @param {any} value */
const isEmpty = (value) =>
  value === undefined || value === null || String(value).trim() === ''

/** What stands between a record and its signature, in plain words.
 *  @param {any} tm @param {any} record @returns {string[]} */
export function missing(tm, record) {
  const { fields } = tm.schema.types[record.type]
  const empty = Object.keys(fields)
    .filter((name) => ['submit', 'sign'].includes(fields[name].needed))
    .filter((name) => isEmpty(record.fields[name]))
    .map((name) => fieldLabel(tm, record.type, name))
  const open = together(tm, record)
    .flatMap((one) => tm.conflicts(one.id))
    .filter((conflict) => !conflict.answered)
    .map((conflict) => {
      const { type } = tm.get(conflict.record)
      return `a decision about ${unitLabel(tm, type, conflict.field)}`
    })
  return [...empty, ...unjudged(tm, record), ...open]
}

/** A record and what is signed with it. @param {any} tm @param {any} record
 *  @returns {any[]} */
export function together(tm, record) {
  const types = Object.entries(tm.schema.types)
  const parts = types
    .filter(([, type]) => type.signed_with)
    .flatMap(([name, { signed_with: above }]) =>
      tm.list(
        name,
        (/** @type {any} */ r) =>
          r.fields[above] === record.id && r.bucket === record.bucket,
      ),
    )
  return [record, ...parts]
}

/** Lines of enquiry without a grade or a reason. @param {any} tm
 *  @param {any} review */
function unjudged(tm, review) {
  if (review.type !== 'review') return []
  const done = tm
    .list('judgement', (/** @type {any} */ j) =>
      [j.fields.review === review.id, j.fields.grade, j.fields.rationale].every(
        Boolean,
      ),
    )
    .map((/** @type {any} */ j) => j.fields.line)
  const lines = review.fields.lines ?? []
  return choices(tm, 'line')
    .filter(([line]) => lines.length === 0 || lines.includes(line))
    .filter(([line]) => !done.includes(line))
    .map(([, words]) => `a grade and a reason for ${words}`)
}

/** What a conflict is about: a field, or a group by its judged field.
 *  @param {any} tm @param {string} type @param {string} unit */
export function unitLabel(tm, type, unit) {
  const [first] = unitFields(tm, type, unit)
  return fieldLabel(tm, type, first ?? unit).toLowerCase()
}

/** The fields of a unit, the judged ones first. @param {any} tm
 *  @param {string} type @param {string} unit */
export function unitFields(tm, type, unit) {
  const fields = tm.schema.types[type]?.fields ?? {}
  const isJudged = (/** @type {string} */ f) => fields[f].merge === 'ask'
  return Object.keys(fields)
    .filter((f) => f === unit || fields[f].group === unit)
    .sort((a, b) => Number(isJudged(b)) - Number(isJudged(a)))
}
