// @ts-check
/**
 * A double of the client library for the preview of the faces and their tests:
 * the same public interface over plain memory, fed from sample content. It has
 * no server; `remote()` plays one, `link()` switches the network.
 */

/** @param {any} records schema/records.json @returns {any} tm.schema */
export function schemaFrom(records) {
  /** @type {Record<string, any>} */ const types = {}
  for (const type of records.types) {
    types[type.type] = { ...type, fields: {} }
    for (const field of type.fields) types[type.type].fields[field.name] = field
  }
  return { types, choices: records.choices }
}

const DAY = 86_400_000
const DATE = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\dT/

/** Moves every date of the sample by whole days; times become milliseconds.
 *  @param {any} value @param {number} days @returns {any} */
function moved(value, days) {
  if (Array.isArray(value)) return value.map((v) => moved(v, days)).sort()
  if (typeof value !== 'string') return value
  if (TIME.test(value)) return Date.parse(value) + days * DAY
  if (!DATE.test(value)) return value
  return new Date(Date.parse(value) + days * DAY).toISOString().slice(0, 10)
}

/** Ratings from the sample's heat map: one self-evaluation a school and term.
 *  @param {any} sample */
function ratings(sample) {
  const out = []
  for (const row of sample.heat_map) {
    if (row.term === 'sum26') continue
    const evaluation = `se-${row.school}-${row.term}`
    const at =
      row.term === 'aut25' ? '2025-12-10T15:00:00Z' : '2026-02-24T15:00:00Z'
    const bucket = `school/${row.school}`
    const base = { bucket, by: 'helen', at }
    out.push({
      ...base,
      type: 'self_evaluation',
      id: evaluation,
      fields: { school: row.school, term: row.term, state: 'draft' },
    })
    for (const area of ['LM', 'ID', 'TM', 'TL', 'DP']) {
      if (row.school === 'gwelmor' && area === 'DP') continue
      out.push({
        ...base,
        type: 'statement_rating',
        id: `${evaluation}-${area}`,
        fields: {
          self_evaluation: evaluation,
          statement: `${area}1`,
          verified_grade: row[area],
        },
      })
    }
  }
  return out
}

/**
 * @param {{ sample: any, records: any, person?: string, today?: string,
 *   link?: string }} options
 */
export function createDouble({
  sample,
  records,
  person = 'tamsin',
  today,
  link = 'online',
}) {
  const schema = schemaFrom(records)
  const days = today
    ? Math.round((Date.parse(today) - Date.parse(sample.today)) / DAY)
    : 0
  /** @type {Map<string, any>} */ const all = new Map()
  /** @type {any[]} */ const history = []
  /** @type {any[]} */ let waiting = []
  const listeners = {
    status: new Set(),
    records: new Set(),
    outcome: new Set(),
    scope: new Set(),
    wipe: new Set(),
  }
  let version = 0
  let seq = 0
  let state = link
  let broken = false

  let saves = 0
  function put(record, fields, by, at, mark = {}) {
    saves += 1
    const next = {
      ...record,
      fields: { ...record.fields },
      meta: { ...record.meta },
      changed: { by, at },
    }
    for (const [name, value] of Object.entries(fields)) {
      version += 1
      if (value === undefined) delete next.fields[name]
      else next.fields[name] = value
      next.meta[name] = { version, by, at, pending: false, ...mark }
      history.unshift({
        id: record.id,
        field: name,
        version,
        outcome: mark.conflict
          ? 'conflict'
          : mark.merged
            ? 'merged'
            : 'applied',
        value,
        by,
        at,
        received: at + 40 * 60_000,
        device: 1,
        seq: saves,
      })
    }
    all.set(record.id, Object.freeze(next))
    return next
  }
  const blank = (id, type, bucket, by, at) => ({
    id,
    type,
    bucket,
    fields: {},
    meta: {},
    deleted: false,
    pending: false,
    created: { by, at },
    changed: { by, at },
  })

  for (const item of [...ratings(sample), ...sample.records]) {
    if (all.has(item.id)) continue
    const at = Date.parse(item.at) + days * DAY
    const fields = Object.fromEntries(
      Object.entries(item.fields).map(([k, v]) => [k, moved(v, days)]),
    )
    put(
      blank(item.id, item.type, item.bucket, item.by, at),
      fields,
      item.by,
      at,
    )
  }
  // Demelza had graded the same line without seeing Helen's grade.
  const met = all.get('jud-trevannick-suspensions')
  if (met) {
    const grade = { ...met.meta.grade, conflict: true }
    all.set(met.id, { ...met, meta: { ...met.meta, grade } })
    const answer = {
      id: met.id,
      outcome: 'conflict',
      by: 'demelza',
      at: met.changed.at - 240_000,
      received: met.changed.at + 1_320_000,
      device: 2,
      seq: 1,
    }
    history.unshift(
      {
        ...answer,
        field: 'rationale',
        version: ++version,
        value:
          'Pupils at SEN support are suspended more than twice as often as others. The new behaviour policy has halved repeat suspensions since January.',
      },
      {
        ...answer,
        field: 'grade',
        version: ++version,
        value: 'expected_standard',
      },
    )
  }

  const roles = sample.records.filter(
    (r) => r.type === 'role_assignment' && r.fields.person === person,
  )
  const buckets = [...new Set(sample.records.map((r) => r.bucket))]
  for (const r of sample.records) {
    if (r.type === 'school') buckets.push(`school/${r.id}`, `oversight/${r.id}`)
  }
  const reach = (name) =>
    roles
      .filter(({ fields }) => {
        const [kind, id] = name.split('/')
        if (fields.scope === 'all') return true
        if (kind === 'common' || kind === 'staff') return true
        if (fields.role === 'hub_lead' && fields.scope.startsWith('hub/')) {
          return (
            kind === 'network' ||
            (id && all.get(id)?.fields.hub === fields.scope.slice(4)) ||
            (kind === 'review' && all.get(id)?.fields.team?.includes(person))
          )
        }
        return fields.scope === name || kind === 'network'
      })
      .map(({ fields }) => fields.role)
  const scope = [...new Set(buckets)]
    .map((name) => ({ name, roles: reach(name) }))
    .filter((b) => b.roles.length > 0)
  const inScope = (record) => scope.some((b) => b.name === record.bucket)

  const status = () =>
    Object.freeze({
      link: state,
      road: state === 'online' ? 'websocket' : null,
      pending: waiting.length,
      sending: state === 'online' && waiting.length > 0,
      oldest: waiting[0]?.at ?? null,
      upToDate: state === 'online',
      lastComplete: Date.now() - 95 * 60_000,
      storageKept: true,
      problem: broken ? { name: 'storage', message: 'no room' } : null,
    })
  const tell = (event, value) => listeners[event].forEach((fn) => fn(value))
  const told = () => {
    tell('records', undefined)
    tell('status', status())
  }

  function settle() {
    if (state !== 'online') return
    for (const { records: ids } of waiting) {
      for (const id of ids) {
        const record = all.get(id)
        const meta = Object.fromEntries(
          Object.entries(record.meta).map(([k, m]) => [
            k,
            { ...m, pending: false },
          ]),
        )
        all.set(id, Object.freeze({ ...record, meta, pending: false }))
      }
    }
    waiting = []
    told()
  }

  const tm = {
    person: { id: person, name: all.get(person)?.fields.name ?? 'Somebody' },
    device: { id: 'dev-01', label: 'Hub iPad 1' },
    scope,
    schema,
    get status() {
      return status()
    },
    get: (id) => {
      const found = all.get(id)
      return found && inScope(found) ? found : undefined
    },
    list: (type, filter = () => true) =>
      [...all.values()].filter(
        (r) => r.type === type && !r.deleted && inScope(r) && filter(r),
      ),
    live(fn, callback) {
      const run = () => callback(fn(tm))
      listeners.records.add(run)
      run()
      return () => listeners.records.delete(run)
    },
    on(event, fn) {
      listeners[event].add(fn)
      return () => listeners[event].delete(fn)
    },
    may(op, type, bucket) {
      const allowed = schema.types[type]?.roles[op] ?? []
      const mine = scope.find((b) => b.name === bucket)?.roles ?? []
      return (
        allowed.includes('as parent') || mine.some((r) => allowed.includes(r))
      )
    },
    newId: () => crypto.randomUUID(),
    naturalId: (type, fields) =>
      `${type}-${schema.types[type].identity.natural.map((k) => fields[k]).join('-')}`,
    namedId: (name) => name,
    statusOf(id) {
      const record = all.get(id)
      if (!record) return 'sent'
      if (waiting.some((w) => w.records.includes(id))) {
        return state === 'online' ? 'sending' : 'on_this_tablet'
      }
      if (Object.values(record.meta).some((m) => m.conflict))
        return 'needs_decision'
      if (record.fields.state === 'signed_off') return 'signed'
      if (record.fields.state === 'shared') return 'shared'
      return 'sent'
    },
    waiting: () => waiting,
    held: () => [],
    // What the server makes of it is not played by the double.
    conflicts: () => [],
    amendments: () => [],
    notices: () => [],
    signoffs: () => [],
    async history(id) {
      if (state !== 'online')
        throw Object.assign(new Error('offline'), { name: 'offline' })
      return history.filter((h) => h.id === id)
    },
    async change(work) {
      if (broken) throw Object.assign(new Error('no room'), { name: 'storage' })
      const touched = new Set()
      const at = Date.now()
      const write = (id, fields) => {
        touched.add(id)
        const next = put(all.get(id), fields, person, at)
        const meta = { ...next.meta }
        for (const name of Object.keys(fields)) {
          meta[name] = { ...meta[name], pending: true }
        }
        all.set(id, Object.freeze({ ...next, meta, pending: true }))
      }
      work({
        create(type, bucket, fields) {
          const id = schema.types[type].identity?.natural
            ? tm.naturalId(type, fields)
            : tm.newId()
          if (!all.has(id)) all.set(id, blank(id, type, bucket, person, at))
          write(id, fields)
          return id
        },
        set: (id, name, value) => write(id, { [name]: value }),
        text: (id, name, value) => write(id, { [name]: value }),
        add: (id, name, value) =>
          write(id, {
            [name]: [
              ...new Set([...(all.get(id).fields[name] ?? []), value]),
            ].sort(),
          }),
        remove: (id, name, value) =>
          write(id, {
            [name]: (all.get(id).fields[name] ?? []).filter((v) => v !== value),
          }),
        delete: (id) => {
          touched.add(id)
          all.set(id, Object.freeze({ ...all.get(id), deleted: true }))
        },
        restore: (id) => {
          touched.add(id)
          all.set(id, Object.freeze({ ...all.get(id), deleted: false }))
        },
      })
      waiting = [
        ...waiting,
        { seq: ++seq, at, records: [...touched], sending: state === 'online' },
      ]
      told()
      setTimeout(settle, 300)
    },
    async sync() {
      settle()
    },
    pause() {},
    resume() {},
    async close() {},

    // Only the double has these.
    remote(id, fields, by = 'jory', mark = { merged: true }) {
      put(all.get(id), fields, by, Date.now(), mark)
      told()
    },
    link(next) {
      state = next
      told()
      setTimeout(settle, 300)
    },
    breakStorage(on) {
      broken = on
      told()
    },
  }
  return tm
}
