// @ts-check
/**
 * What the screens ask of the records: plain functions over the client's
 * get() and list(), in the words of the trust.
 */
import { daysBetween } from './format.js'
import { choices } from './words.js'

/** The five areas of the framework, in their order, with short names. */
export const AREAS = /** @type {const} */ ([
  ['LM', 'Leadership'],
  ['ID', 'Identification'],
  ['TM', 'Tracking'],
  ['TL', 'Teaching'],
  ['DP', 'Provision'],
])

/** The scale of the framework, 1 (emerging) to 4 (leading practice). */
const MATURITY = ['emerging', 'developing', 'established', 'leading']

/** @param {any} record */
export const field = (record, name = '') => record?.fields[name]

/** @param {any} tm @param {string | undefined} id */
export function personName(tm, id) {
  if (!id) return 'The server'
  const name = tm.get(id)?.fields.name
  if (name) return name
  return id === tm.person?.id ? tm.person.name : 'A colleague'
}

/** @param {any} tm @param {string | undefined} id */
export const schoolName = (tm, id) =>
  (id && tm.get(id)?.fields.name) || 'A school'

/** @param {any} tm @param {string | undefined} id */
export function schoolShort(tm, id) {
  const fields = id ? tm.get(id)?.fields : undefined
  return fields?.short_name || fields?.name || 'A school'
}

/** Schools of the hubs that this person leads. @param {any} tm
 *  @param {any} school */
const inMyHub = (tm, school) =>
  Boolean(tm.get(school?.fields.hub)?.fields.leads?.includes(tm.person.id))

/** The bucket of this kind for a school or a review, if it is ours. One of a
 *  school in our hub need not exist yet: the first record begins it.
 *  @param {any} tm @param {string} kind @param {string} id */
export function bucketOf(tm, kind, id) {
  const name = `${kind}/${id}`
  const known = tm.scope.some((/** @type {any} */ b) => b.name === name)
  return known || (kind !== 'review' && inMyHub(tm, tm.get(id)))
    ? name
    : undefined
}

/** May this person do that there? A bucket that does not exist yet is asked
 *  about by the person's roles anywhere.
 *  @param {any} tm @param {string} op @param {string} type
 *  @param {string | undefined} bucket */
export function mayIn(tm, op, type, bucket) {
  if (bucket === undefined) return false
  const known = tm.scope.some((/** @type {any} */ b) => b.name === bucket)
  return tm.may(op, type, known ? bucket : 'common')
}

/** Does this person write visit notes, or read those of others? @param {any} tm */
export const visiting = (tm) =>
  tm.may('create', 'visit', 'common') || scopeIds(tm, 'oversight').size > 0

/** The schools this person works with: those they visit, or belong to.
 *  @param {any} tm @returns {any[]} */
export function mySchools(tm) {
  const visited = scopeIds(tm, 'oversight')
  const ids = visited.size > 0 ? visited : scopeIds(tm, 'school')
  return tm
    .list('school', (/** @type {any} */ s) => ids.has(s.id) || inMyHub(tm, s))
    .sort(byText('short_name'))
}

/** @param {any} tm @param {string} kind */
function scopeIds(tm, kind) {
  const start = `${kind}/`
  return new Set(
    tm.scope
      .filter((/** @type {any} */ b) => b.name.startsWith(start))
      .map((/** @type {any} */ b) => b.name.slice(start.length)),
  )
}

/** @param {string} name @returns {(a: any, b: any) => number} */
export const byText = (name) => (a, b) =>
  String(a.fields[name] ?? '').localeCompare(
    String(b.fields[name] ?? ''),
    'en-GB',
  )

/** @param {string} name @returns {(a: any, b: any) => number} newest first */
export const byNewest = (name) => (a, b) =>
  String(b.fields[name] ?? '').localeCompare(String(a.fields[name] ?? ''))

/** Visit notes, newest first. @param {any} tm @param {string} [school] */
export const visits = (tm, school) =>
  tm
    .list(
      'visit',
      (/** @type {any} */ v) => !school || v.fields.school === school,
    )
    .sort(byNewest('date'))

/** Evidence of a visit or a review, newest first.
 *  @param {any} tm @param {string} parent */
export const evidence = (tm, parent) =>
  tm
    .list('evidence', (/** @type {any} */ e) => e.fields.parent === parent)
    .sort(
      (/** @type {any} */ a, /** @type {any} */ b) =>
        (b.fields.seen_at ?? 0) - (a.fields.seen_at ?? 0),
    )

/** @param {any} action */
export const isOpen = (action) =>
  action.fields.status !== 'complete' && !action.fields.stopped

/** Open actions due by a date in these schools, the oldest first.
 *  @param {any} tm @param {Set<string>} schools @param {string} until */
export const dueActions = (tm, schools, until) =>
  tm
    .list(
      'action',
      (/** @type {any} */ a) =>
        isOpen(a) &&
        a.fields.due &&
        a.fields.due <= until &&
        (!a.fields.school || schools.has(a.fields.school)),
    )
    .sort((/** @type {any} */ a, /** @type {any} */ b) =>
      a.fields.due.localeCompare(b.fields.due),
    )

/** The term a date falls in. @param {any} tm @param {string} date */
export const termOf = (tm, date) =>
  tm.list(
    'term',
    (/** @type {any} */ t) => t.fields.starts <= date && date <= t.fields.ends,
  )[0]

/**
 * Where a school is, by area: the mean grade of its latest self-evaluation,
 * the hub lead's grade before the school's own, and the one before it.
 * @param {any} tm
 * @returns {Map<string, Record<string, { grade: number, before?: number }>>}
 */
export function areaGrades(tm) {
  const areaOf = new Map(
    tm
      .list('framework_statement')
      .map((/** @type {any} */ s) => [s.id, s.fields.area]),
  )
  const sums = sumGrades(tm, areaOf)
  /** @type {Map<string, any>} */ const out = new Map()
  const order = tm
    .list('self_evaluation')
    .sort((/** @type {any} */ a, /** @type {any} */ b) =>
      startOf(tm, a).localeCompare(startOf(tm, b)),
    )
  for (const evaluation of order) {
    const school = evaluation.fields.school
    const areas = out.get(school) ?? {}
    for (const [area] of AREAS) {
      const sum = sums.get(`${evaluation.id}/${area}`)
      if (!sum) continue
      const grade = Math.round(sum.total / sum.count)
      areas[area] = { grade, before: areas[area]?.grade }
    }
    out.set(school, areas)
  }
  return out
}

/** @param {any} tm @param {any} evaluation */
const startOf = (tm, evaluation) =>
  tm.get(evaluation.fields.term)?.fields.starts ?? ''

/** @param {any} tm @param {Map<any, any>} areaOf */
function sumGrades(tm, areaOf) {
  /** @type {Map<string, { total: number, count: number }>} */
  const sums = new Map()
  for (const { fields } of tm.list('statement_rating')) {
    const grade = MATURITY.indexOf(fields.verified_grade ?? fields.school_grade)
    const area = areaOf.get(fields.statement)
    if (grade < 0 || !area) continue
    const key = `${fields.self_evaluation}/${area}`
    const sum = sums.get(key) ?? { total: 0, count: 0 }
    sums.set(key, { total: sum.total + grade + 1, count: sum.count + 1 })
  }
  return sums
}

/** @param {any} tm @param {number} grade 1 to 4 */
export const maturityLabel = (tm, grade) =>
  choices(tm, 'maturity')[grade - 1]?.[1] ?? 'Not judged'

/** What a record is called in a list. @param {any} tm @param {any} record */
export function titleOf(tm, record) {
  if (!record) return 'Something no longer here'
  const { fields: f, type } = record
  const named = f.name ?? f.title ?? f.summary ?? f.what ?? f.label ?? f.text
  if (named) return named
  const words = TITLES[type]?.(tm, f)
  return (
    words || f.statement || f.headline || tm.schema.types[type]?.label || type
  )
}

const TITLES = /** @type {Record<string, (tm: any, f: any) => string>} */ ({
  visit: (tm, f) => labelIn(tm, 'visit_kind', f.kind) || 'Visit note',
  evidence: (tm, f) => f.detail || 'New note',
  judgement: (tm, f) => labelIn(tm, 'line', f.line),
  reviewer_view: (tm, f) =>
    `${personName(tm, f.reviewer)} on ${labelIn(tm, 'line', f.line).toLowerCase()}`,
  review: (tm, f) => labelIn(tm, 'review_kind', f.kind),
  statement_rating: (tm, f) => tm.get(f.statement)?.fields.code ?? '',
  self_evaluation: () => 'Self-evaluation',
  action_plan: (tm, f) => `Action plan ${f.academic_year ?? ''}`,
})

/** @param {any} tm @param {string} list @param {string} value */
const labelIn = (tm, list, value) =>
  choices(tm, list).find(([name]) => name === value)?.[1] ?? ''

/** The school a record is about, if it is about one.
 *  @param {any} tm @param {any} record @returns {string | undefined} */
export function schoolOf(tm, record, depth = 3) {
  if (!record || depth === 0) return undefined
  const f = record.fields
  if (record.type === 'school') return record.id
  if (f.school) return f.school
  const up =
    f.parent ??
    f.review ??
    f.plan ??
    f.priority ??
    f.self_evaluation ??
    f.record ??
    f.source ??
    f.report
  if (up) return schoolOf(tm, tm.get(up), depth - 1)
  return undefined
}

/** Days since a term began. @param {any} term @param {string} date */
export const daysInto = (term, date) => daysBetween(term.fields.starts, date)
