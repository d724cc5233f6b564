// The same server, spoken to by the real client library: two tablets of one
// hub, their stores in memory.

import { readFileSync } from 'node:fs'
import { open, enrol } from '../client-js/src/index.js'
import { memoryStore } from '../client-js/src/store-memory.js'

const CHANGES = 100,
  WAIT_MS = 60000

// The library takes the schema by name, as client-js/src/schema.js has it.
function schema() {
  const file = JSON.parse(
    readFileSync(new URL('schema.json', import.meta.url), 'utf8'),
  )
  const named = (list, key) => Object.fromEntries(list.map((x) => [x[key], x]))
  return {
    ...file,
    choices: {},
    types: named(
      file.types.map((t) => ({ ...t, fields: named(t.fields, 'name') })),
      'type',
    ),
  }
}

async function tablet(url, code) {
  const identity = await enrol({ url, code, label: code, platform: 'bench' })
  const start = performance.now()
  const tm = await open({
    url,
    store: memoryStore(),
    identity,
    appVersion: 'bench',
    schema: schema(),
  })
  await tm.sync({ signal: AbortSignal.timeout(WAIT_MS) })
  return { tm, ms: performance.now() - start }
}

// Resolves when `test` holds for what the tablet shows.
function until(tm, test) {
  return new Promise((done, fail) => {
    const late = setTimeout(
      () => fail(new Error('the other tablet has not seen it')),
      WAIT_MS,
    )
    const stop = tm.live(test, (holds) => {
      if (!holds) return
      clearTimeout(late)
      queueMicrotask(() => stop())
      done()
    })
  })
}

export async function libraryRun(url) {
  const cpu = process.cpuUsage()
  const one = await tablet(url, 'DEMO-T01'),
    two = await tablet(url, 'DEMO-T02')
  const notes = one.tm.list('visit_note').slice(0, CHANGES)
  const records =
    notes.length +
    one.tm.list('judgement').length +
    one.tm.list('evidence').length +
    one.tm.list('action').length
  const last = notes.at(-1).id,
    start = performance.now()
  const seen = until(
    two.tm,
    (tm) => tm.get(last)?.fields.title === `Note ${CHANGES - 1}`,
  ).then(() => performance.now() - start)
  for (const [i, note] of notes.entries())
    await one.tm.change((c) => {
      c.set(note.id, 'title', `Note ${i}`)
      c.text(note.id, 'body', `${note.fields.body} Seen again.`)
    })
  await one.tm.sync({ signal: AbortSignal.timeout(WAIT_MS) })
  const changes_ms = performance.now() - start
  const seen_ms = await seen
  const held = one.tm.held().length
  if (held) throw new Error(`the library's changes were held: ${held}`)
  await one.tm.close()
  await two.tm.close()
  const used = process.cpuUsage(cpu)
  return {
    join_ms: one.ms,
    join_again_ms: two.ms,
    records,
    changes_ms,
    seen_ms,
    client_cpu_ms: (used.user + used.system) / 1e3,
  }
}
