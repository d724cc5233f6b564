// The table: what was measured, the floor of the same run, and the two marks
// of the goals: *first* (must) and *goal* (aims at).

const KiB = (bytes) => bytes / 1024
const MiB = (bytes) => bytes / 1024 / 1024

// { measure, unit, ours, floor, first, goal, more }: more is better if `more`.
export function rowsOf(o) {
  const rows = []
  const row = (measure, unit, ours, floor, first, goal, more) =>
    rows.push({
      measure,
      unit,
      ours,
      floor,
      first,
      goal,
      more: more === 'more',
    })
  if (o.push) pushRows(o.push, row)
  if (o.hubJoin) joinRows(o, row)
  if (o.ripple) liveRows(o, row)
  for (const c of o.commits ?? [])
    row(
      `CPU a change, ${c.per} a commit`,
      'µs',
      c.cpu_us,
      c.floor.cpu_us,
      undefined,
      2 * c.floor.cpu_us,
    )
  if (o.units) unitRows(o.units, row)
  if (o.text)
    row(
      'text: 2,000 edits meet 2,000 concurrent ones',
      'ms',
      o.text.cpu_ms,
      undefined,
      undefined,
      1,
    )
  if (o.kill)
    row(
      `kill -9 × ${o.kill.kills}: acknowledged and lost, of ${o.kill.acknowledged}`,
      '',
      o.kill.lost + o.kill.missing,
      0,
      0,
      0,
    )
  if (o.detail) detailRows(o.detail, row)
  if (o.library) libraryRows(o.library, row)
  return rows
}

function pushRows(p, row) {
  const per10k = 10000 / p.changes
  const sqlite = p.floorSqlite,
    socket = p.floorSocket
  row(
    'push, server CPU per 10,000 changes',
    's',
    p.acked_cpu * per10k,
    sqlite.cpu * per10k,
    0.25,
    0.1,
  )
  row(
    'push, changes/s until durable',
    '/s',
    p.changes / p.acked_s,
    p.changes / sqlite.wall_s,
    15000,
    40000,
    'more',
  )
  row(
    'push and all 60 converge: wall',
    's',
    p.synced_s,
    sqlite.wall_s + socket.wall_ms / 1e3,
    4.6,
    2,
  )
  row(
    'push and all 60 converge: server CPU',
    's',
    p.synced_cpu,
    sqlite.cpu + socket.cpu_ms / 1e3,
    1.5,
    0.5,
  )
  row('… MiB up, all 60', 'MiB', MiB(p.up))
  row('… MiB down, all 60: on the wire', 'MiB', MiB(p.down))
  row('… MiB down, all 60: plain', 'MiB', MiB(p.segments_plain))
  row('memory after the workload', 'MiB', p.rss_kib / 1024, undefined, 60, 30)
  row('memory, peak', 'MiB', p.peak_kib / 1024)
  row(
    'store after the workload, running (log included)',
    'MiB',
    MiB(p.store),
    undefined,
    35,
    18,
  )
  row(
    'store after the workload, stopped',
    'MiB',
    MiB(p.storeClosed),
    undefined,
    35,
    18,
  )
}

function joinRows(o, row) {
  const one = (name, j, wall, cpu, down) => {
    row(
      `${name}, first of its kind: wall`,
      'ms',
      j.first.wall_ms,
      j.floor.wall_ms,
      wall[0],
    )
    row(
      `${name}, first of its kind: server CPU`,
      'ms',
      j.first.cpu_ms,
      j.floor.cpu_ms,
      cpu[0],
    )
    row(
      `${name}, pages cached: wall`,
      'ms',
      j.again.wall_ms,
      j.floor.wall_ms,
      wall[0],
      wall[1],
    )
    row(
      `${name}, pages cached: server CPU`,
      'ms',
      j.again.cpu_ms,
      j.floor.cpu_ms,
      cpu[0],
      cpu[1],
    )
    row('… KiB down', 'KiB', KiB(j.again.down), undefined, down[0], down[1])
    row('… KiB down, plain', 'KiB', KiB(j.again.plain))
  }
  one('hub tablet joins', o.hubJoin, [20, 10], [7, 1], [120, 75])
  one('admin joins', o.adminJoin, [100, 60], [50, 5], [])
  const m = o.missed.missed
  row('100 missed changes: turns, the handshake is one', '', m.turns, 2, 2, 2)
  row('… KiB up, handshake included', 'KiB', KiB(m.up), undefined, 1, 0.5)
  row('… KiB down', 'KiB', KiB(m.down), undefined, 20, 8)
  row('… KiB down, plain', 'KiB', KiB(m.plain))
  row('… server CPU', 'ms', m.cpu_ms, o.missed.floor.cpu_ms)
}

function liveRows(o, row) {
  const floor =
    o.ripple.floorCommit.wall_us / 1e3 + o.ripple.floorSocket.wall_ms / 300
  row(
    'propagation p50, 50 tablets × 1/s, fsync included',
    'ms',
    o.ripple.p50_ms,
    floor,
    5,
    1.9,
  )
  row('propagation p99', 'ms', o.ripple.p99_ms, floor, 20, 10)
  row(
    'idle connection, server memory (2,000; plain)',
    'KiB',
    o.idle.kib_each,
    undefined,
    9,
    6.5,
  )
  row('idle connection, CPU to greet it', 'µs', o.idle.cpu_us_each)
  row('2,000 idle, server CPU a second', 'ms', o.idle.idle_cpu * 1e3)
  row('500 tablets back in one second: drained', 's', o.storm.drained_s, 1, 60)
  row('… time of one, p99', 'ms', o.storm.p99_ms, undefined, 250)
  row('… server CPU', 's', o.storm.cpu)
}

function unitRows(u, row) {
  const { cpu_ms, down } = u.floor.first
  const name = `after ${u.changes} changes of ${u.units} fields, a new device`
  row(
    `${name} each round`,
    'KiB',
    KiB(u.join_late.down),
    KiB(down),
    2.25 * KiB(down),
    1.25 * KiB(down),
  )
  row('… its CPU', 'ms', u.join_late.cpu_ms, cpu_ms, undefined, 1.25 * cpu_ms)
  row(
    '… one that was away since the first round',
    'KiB',
    KiB(u.missed.down),
    KiB(down),
    2.25 * KiB(down),
    1.25 * KiB(down),
  )
  row('… its CPU', 'ms', u.missed.cpu_ms, cpu_ms, undefined, 1.25 * cpu_ms)
}

function detailRows(d, row) {
  row(
    'varied prose: hub tablet joins, KiB down',
    'KiB',
    KiB(d.hubJoin.again.down),
  )
  row('… plain', 'KiB', KiB(d.hubJoin.again.plain))
  row('… push, MiB down, all 60', 'MiB', MiB(d.push.down))
  row('… plain', 'MiB', MiB(d.push.segments_plain))
  row('… store, stopped', 'MiB', MiB(d.store), undefined)
}

function libraryRows(l, row) {
  row('JS library: hub tablet joins', 'ms', l.join_ms)
  row('JS library: 100 changes until acknowledged', 'ms', l.changes_ms)
  row('JS library: … until another tablet has them', 'ms', l.seen_ms)
}

const show = (n) =>
  n === undefined
    ? ''
    : n === 0
      ? '0'
      : n >= 1000
        ? Math.round(n).toLocaleString('en-GB')
        : String(Number(n.toPrecision(3)))

function met({ ours, first, goal, more }) {
  const holds = (mark) =>
    mark !== undefined && (more ? ours >= mark : ours <= mark)
  if (first === undefined && goal === undefined) return ''
  if (holds(goal)) return 'goal'
  if (holds(first)) return goal === undefined ? 'yes' : 'first'
  return 'NO'
}

export function render(rows) {
  const mark = (r, m) =>
    m === undefined ? '' : `${r.more ? '≥' : '≤'} ${show(m)}`
  const cells = rows.map((r) => [
    r.measure,
    `${show(r.ours)} ${r.unit}`,
    show(r.floor),
    r.floor ? show(r.ours / r.floor) : '',
    mark(r, r.first),
    mark(r, r.goal),
    met(r),
  ])
  const table = [
    ['measure', 'ours', 'floor', 'ratio to floor', 'first', 'goal', 'met?'],
    ...cells,
  ]
  const widths = table[0].map((_, i) =>
    Math.max(...table.map((line) => [...line[i]].length)),
  )
  const line = (r) =>
    `| ${r.map((c, i) => (i ? c.padStart(widths[i] + c.length - [...c].length) : c.padEnd(widths[i] + c.length - [...c].length))).join(' | ')} |`
  const [head, ...rest] = table.map(line)
  return [
    head,
    `|${widths.map((w, i) => (i ? `${'-'.repeat(w + 1)}:` : '-'.repeat(w + 2))).join('|')}|`,
    ...rest,
  ].join('\n')
}
