#!/usr/bin/env node
// @ts-check
/**
 * A device on the command line, for suites that look at the system from
 * outside. Commands come as JSON lines on stdin, one answer each on stdout.
 */

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { enrol, open } from '../src/index.js'
import { fileStore } from '../src/store-file.js'
import { isId, namedId } from '../src/id.js'

const HELP = `client.js -- a Tidemark device that is driven by JSON lines

  node client.js --url URL --store DIR [--code CODE] [--post]
                 [--clock-offset MS] [--timeout MS]

  --url           the server, http://127.0.0.1:PORT
  --store         the device's folder; survives SIGKILL at any time
  --code          enrol with this code, if the folder holds no device yet
  --post          use POST only (default: WebSocket, then POST)
  --clock-offset  how wrong the device's clock is
  --timeout       of a sync, default 30000

Commands, one a line:

  {"do":"put","id":OP,"type":T,"bucket":B,"record":R,"fields":{…}}
        make the record R (left out: a new id), or set fields of it
  {"do":"edit","id":OP,"record":R,"field":F, "value":V}   set (null: empty)
                                            ,"text":WHOLE,"seen":TEXT}
                                            ,"add":[…]}  ,"remove":[…]}
  {"do":"delete"|"restore","id":OP,"record":R}
  {"do":"sync"}                 all sent, and a checkpoint received
  {"do":"get","record":R}       one record, as the screen shows it
  {"do":"dump"}                 all records, what is held, what waits
  {"do":"status"}  {"do":"history","record":R}  {"do":"quit"}

Answers: {"ok":true,…} or {"error":NAME,"message":…}, in order. Between them,
"ACK OP" once the server has acknowledged that operation's change as durable.

Names that are not UUIDs are made into ids as the demo's are (namedId): records,
refs, and the part of a bucket's name after "/" (school/s01).
The first line on stdout is {"ready":true,…}.
`

const TIMEOUT_MS = 30000

/** @param {unknown} line */
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** @param {string} name */
const idOf = (name) => (isId(name) ? name : namedId(name))

/** @param {string} name */
function bucketOf(name) {
  const slash = name.indexOf('/')
  if (slash < 0) return name
  return `${name.slice(0, slash)}/${idOf(name.slice(slash + 1))}`
}

/** Names of things, where a field wants ids.
 * @param {any} type @param {string} name @param {any} value */
function valueOf(type, name, value) {
  const kind = type?.fields[name]?.type
  if (value === null || value === undefined) return undefined
  if (kind === 'ref') return idOf(value)
  if (kind === 'refs') return value.map(idOf)
  return value
}

/** @param {any} tm @param {string} id */
const typeOfRecord = (tm, id) => tm.schema.types[tm.get(id)?.type]

/** @param {any} tm @param {any} command */
async function put(tm, { id: tag, type: name, bucket, record, fields = {} }) {
  const type = tm.schema.types[name]
  const all = Object.entries(fields).map(
    ([field, value]) =>
      /** @type {const} */ ([field, valueOf(type, field, value)]),
  )
  let id = record === undefined ? undefined : idOf(record)
  const isKnown = id !== undefined && tm.get(id) !== undefined
  const seq = await tm.change(
    (/** @type {any} */ c) => {
      if (!isKnown) {
        id = c.create(name, bucketOf(bucket), Object.fromEntries(all), id)
        return
      }
      for (const [field, value] of all) c.set(id, field, value)
    },
    { tag },
  )
  return { record: id, seq }
}

/** @param {any} tm @param {any} command */
async function edit(tm, { id: tag, record, field, ...wish }) {
  const id = idOf(record)
  const type = typeOfRecord(tm, id)
  const seq = await tm.change(
    (/** @type {any} */ c) => {
      if ('text' in wish) c.text(id, field, wish.text, wish.seen)
      if ('value' in wish) c.set(id, field, valueOf(type, field, wish.value))
      for (const op of /** @type {const} */ (['add', 'remove'])) {
        if (!(op in wish)) continue
        const elements = [wish[op]].flat()
        c[op](id, field, ...valueOf(type, field, elements))
      }
    },
    { tag },
  )
  return { record: id, seq }
}

/** @param {any} record */
const shown = (record) => ({
  type: record.type,
  bucket: record.bucket,
  fields: record.fields,
  deleted: record.deleted,
  pending: record.pending,
})

/** @param {any} tm */
function dump(tm) {
  /** @type {[string, any][]} */
  const records = []
  for (const id of tm.ids()) records.push([id, shown(tm.get(id))])
  records.sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    records: Object.fromEntries(records),
    held: tm.held(),
    waiting: tm.waiting().length,
  }
}

/** @param {any} tm @param {any} command @param {number} timeout */
async function perform(tm, command, timeout) {
  const id = command.record === undefined ? '' : idOf(command.record)
  switch (command.do) {
    case 'put':
      return put(tm, command)
    case 'edit':
      return edit(tm, command)
    case 'delete':
    case 'restore': {
      const tag = command.id
      const seq = await tm.change((/** @type {any} */ c) => c[command.do](id), {
        tag,
      })
      return { record: id, seq }
    }
    case 'sync':
      await tm.sync({ timeout })
      return { status: tm.status }
    case 'status':
      return { status: tm.status }
    case 'get': {
      const record = tm.get(id)
      return { record: record ? { id, ...shown(record) } : null }
    }
    case 'history':
      return { entries: await tm.history(id) }
    case 'dump':
      return dump(tm)
    default:
      throw Object.assign(new Error(`no command '${command.do}'`), {
        name: 'usage',
      })
  }
}

/** @param {any} error */
const complaint = (error) => ({ error: error.name, message: error.message })

/** @param {any} values @returns {Promise<any>} */
async function start(values) {
  const offset = Number(values['clock-offset'] ?? 0)
  const options = {
    url: values.url,
    store: fileStore(values.store),
    appVersion: 'client.js',
    now: () => Date.now() + offset,
    road: values.post ? /** @type {const} */ ('post') : undefined,
  }
  try {
    return await open(options)
  } catch (error) {
    const isNew = /** @type {any} */ (error).name === 'unknown_device'
    if (!isNew || !values.code) throw error
  }
  const { url, code } = values
  const identity = await enrol({ url, code, label: 'client', platform: 'node' })
  return open({ ...options, store: fileStore(values.store), identity })
}

async function main() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      store: { type: 'string' },
      code: { type: 'string' },
      post: { type: 'boolean', default: false },
      'clock-offset': { type: 'string' },
      timeout: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || !values.url || !values.store) {
    process.stdout.write(HELP)
    return values.help ? 0 : 2
  }
  const timeout = Number(values.timeout ?? TIMEOUT_MS)
  const tm = await start(values)
  tm.on('acknowledged', (/** @type {any} */ { tags }) => {
    for (const tag of tags) process.stdout.write(`ACK ${tag}\n`)
  })
  say({ ready: true, device: tm.device.id, person: tm.person })
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue
    try {
      const command = JSON.parse(line)
      if (command.do === 'quit') break
      say({ ok: true, ...(await perform(tm, command, timeout)) })
    } catch (error) {
      say(complaint(error))
    }
  }
  await tm.close()
  return 0
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    say(complaint(error))
    process.exitCode = 1
  },
)
