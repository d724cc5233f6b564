// The workload of gen.mjs, written down for the C programs (work.h), and the
// trust that it happens in, as a sample file for `tidemark init --demo`.

import { createHash } from 'node:crypto'

export const TYPES = {
  visit_note: {
    id: 11,
    fields: {
      visited_on: 1,
      author: 2,
      area: 3,
      title: 4,
      body: 5,
      follow_up: 6,
    },
  },
  judgement: {
    id: 12,
    fields: { area: 1, rating: 2, rationale: 3, judged_on: 4, judged_by: 5 },
  },
  evidence: {
    id: 13,
    fields: { kind: 1, title: 2, summary: 3, area: 4, collected_on: 5 },
  },
  action: {
    id: 14,
    fields: {
      objective: 1,
      owner: 2,
      status: 3,
      due: 4,
      measure: 5,
      impact: 6,
    },
  },
}
const TEXTS = new Set([
  'body',
  'follow_up',
  'rationale',
  'summary',
  'objective',
  'measure',
  'impact',
])
const IDS = 1000

// ---- MessagePack, as much of it as is needed ----

function writer() {
  const parts = []
  const head = (...bytes) => parts.push(Buffer.from(bytes))
  const sized = (short, limit, wide, n) => {
    if (n < limit) head(short | n)
    else if (wide[0] && n < 256) head(wide[0], n)
    else if (n < 65536) head(wide[1], n >> 8, n & 255)
    else throw new RangeError('too long for the workload file')
  }
  function put(v) {
    if (Array.isArray(v)) {
      sized(0x90, 16, [0, 0xdc], v.length)
      v.forEach(put)
    } else if (Buffer.isBuffer(v)) {
      head(0xc4, v.length)
      parts.push(v)
    } else if (typeof v === 'string') {
      const bytes = Buffer.from(v)
      sized(0xa0, 32, [0xd9, 0xda], bytes.length)
      parts.push(bytes)
    } else if (v < 128) head(v)
    else if (v < 256) head(0xcc, v)
    else if (v < 65536) head(0xcd, v >> 8, v & 255)
    else {
      const wide = v >= 2 ** 32,
        b = Buffer.alloc(wide ? 9 : 5)
      b[0] = wide ? 0xcf : 0xce
      if (wide) b.writeBigUInt64BE(BigInt(v), 1)
      else b.writeUInt32BE(v, 1)
      parts.push(b)
    }
  }
  return { put, bytes: () => Buffer.concat(parts) }
}

// ---- Ids ----

const uuid = (b) =>
  b
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

// What the server makes of a word in a sample file (PROTOCOL.md, section 5).
export function namedId(name) {
  const b = createHash('sha256').update(`name/${name}`).digest().subarray(0, 16)
  b[6] = (b[6] & 0x0f) | 0x80
  b[8] = (b[8] & 0x3f) | 0x80
  return uuid(b)
}

// UUID version 7 of the record's first save: in order, as devices make them.
function recordId(name, at) {
  const b = createHash('sha256')
    .update(`record/${name}`)
    .digest()
    .subarray(0, 16)
  b.writeUIntBE(at, 0, 6)
  b[6] = (b[6] & 0x0f) | 0x70
  b[8] = (b[8] & 0x3f) | 0x80
  return b
}

// ---- The file ----

function savesOf(changes) {
  const saves = []
  for (const c of changes) {
    const last = saves.at(-1)
    if (last && last[0].tablet === c.tablet && last[0].save === c.save)
      last.push(c)
    else saves.push([c])
  }
  return saves
}

export function encode({ meta, tablets, changes }) {
  const schools = [...new Set(tablets.flatMap((t) => t.schools))].sort()
  const school = new Map(schools.map((s, i) => [s, i]))
  const tablet = new Map(tablets.map((t, i) => [t.tablet, i]))
  const record = new Map(),
    ids = []
  const saves = savesOf(changes),
    out = writer()
  const rows = saves.map((save) => {
    const c = save[0],
      at = Date.parse(c.at),
      first = !record.has(c.record)
    if (first) {
      record.set(c.record, ids.length)
      ids.push(recordId(c.record, at))
    }
    const type = TYPES[c.type]
    const edits = save.flatMap((e) => [
      type.fields[e.field],
      TEXTS.has(e.field) ? [e.value] : e.value,
    ])
    return [
      c.phase,
      tablet.get(c.tablet),
      at,
      school.get(c.school),
      record.get(c.record),
      first ? type.id : 0,
      c.op === 'concurrent' ? 1 : 0,
      ...edits,
    ]
  })
  out.put([schools.length, tablets.length, ids.length, rows.length])
  out.put(schools.map(namedId))
  out.put(tablets.map((t) => t.schools.map((s) => school.get(s))))
  for (let i = 0; i < ids.length; i += IDS) out.put(ids.slice(i, i + IDS))
  rows.forEach((row) => out.put(row))
  return { bytes: out.bytes(), schools, changes: meta.changes }
}

// ---- The trust ----

// Codes come of the names: DEMO-T01 … and DEMO-ADMIN.
export function trust({ tablets }) {
  const at = '2025-09-01T09:00:00Z',
    by = 'admin'
  const schools = [...new Set(tablets.flatMap((t) => t.schools))].sort()
  const person = (id, roles) => [
    { type: 'person', id, bucket: 'staff', by, at, fields: { name: id } },
    ...roles.map(([role, scope]) => ({
      type: 'role_assignment',
      id: `role-${id}-${scope.replace('/', '-')}`,
      bucket: 'admin',
      by,
      at,
      fields: { person: id, role, scope, from: '2025-09-01' },
    })),
  ]
  const records = [
    {
      type: 'hub',
      id: 'hub',
      bucket: 'common',
      by,
      at,
      fields: { name: 'Hub' },
    },
    ...schools.flatMap((id) => [
      {
        type: 'school',
        id,
        bucket: 'common',
        by,
        at,
        fields: { name: id, hub: 'hub' },
      },
      {
        type: 'site',
        id: `site-${id}`,
        bucket: `school/${id}`,
        by,
        at,
        fields: { name: id },
      },
    ]),
    ...person('admin', [['central_admin', 'trust']]),
    ...tablets.flatMap((t) =>
      person(
        t.tablet,
        t.schools.map((s) => ['hub_lead', `school/${s}`]),
      ),
    ),
  ]
  return {
    about: 'The trust of the bench.',
    trust: 'Bench',
    today: new Date().toISOString().slice(0, 10),
    records,
  }
}
