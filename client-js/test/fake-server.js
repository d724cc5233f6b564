// @ts-check
/**
 * As much of a server as the library's tests need, in memory and in order: one
 * log, the rules latest, text and set, outcomes, pages, checkpoints, scope.
 * Its text merge follows what server/core/merge_text.h says about the ground
 * an edit was made on.
 *
 * It is driven by hand: `accept()` takes a connection of the library and gives
 * back its two ends; nothing is delivered until the test says so.
 */

import { apply, diff, merge } from '../src/text.js'
import { chainAfter, sumAdd } from '../src/hash.js'
import { newId, randomBytes, toHex } from '../src/id.js'
import { readChange } from '../src/change.js'
import { readMessage, writeMessage } from '../src/message.js'
import { writeGroup } from '../src/segment.js'

/**
 * @typedef {{ v: number, value: any, at: number, by: string, flags: number,
 *   replica: number, raw: string | null,
 *   past: { v: number, replica: number, value: string, raw: string | null }[]
 * }} Cell
 * @typedef {{ type: number, fields: Map<number, Cell> }} Rec
 * @typedef {{ no: number, name: string, records: Map<string, Rec> }} Bucket
 * @typedef {{ no: number, seq: number, version: number,
 *   bytes: Map<number, Uint8Array>, chains: Uint8Array[] }} Replica
 * @typedef {{ news: (before: number, outcomes: any[]) => void,
 *   fromDevice: (bytes: Uint8Array) => void, rescope: () => void,
 *   gone: () => void, say: (message: any) => void,
 *   readonly device: Device | null }} Peer
 * @typedef {{ id: string, token: string, person: string,
 *   scope: Map<string, string[]>, replicas: Map<number, Replica> }} Device
 */

const TEXT_FIELDS = new Set(['1/2', '1/5', '2/3'])
const ROW_MERGED = 8
const ROW_CHECK = 2
const MERGED = 1
const HELD = 4

/** Run all groups' bytes together. @param {Uint8Array[]} parts */
function joined(parts) {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** What a text edit was made on, by `seen` and the author's own chain.
 * @param {Cell} cell @param {number} seen @param {number} replica */
function groundOf(cell, seen, replica) {
  const all = [cell, ...cell.past]
  const known = all.find((one) => one.v <= seen || one.replica === replica)
  if (!known) return ''
  if (known.v > seen && known.raw !== null) return known.raw
  return String(known.value ?? '')
}

/** @param {{ random?: () => number, pageRows?: number }} [options] */
export function createFakeServer(options = {}) {
  const random = options.random ?? Math.random
  const pageRows = options.pageRows ?? Infinity
  /** @type {Map<string, Device>} */
  const devices = new Map()
  /** @type {Map<string, Bucket>} */
  const buckets = new Map()
  /** @type {Set<Peer>} */
  const peers = new Set()
  let timeline = newId(1, randomBytes(10))
  let head = 0
  let replicas = 0
  let time = 1000

  /** @param {string} name @returns {Bucket} */
  function bucketNamed(name) {
    const known = buckets.get(name)
    if (known) return known
    const bucket = { no: buckets.size + 1, name, records: new Map() }
    buckets.set(name, bucket)
    return bucket
  }

  /** @param {number} no */
  const bucketNo = (no) => [...buckets.values()].find((b) => b.no === no)

  /** @param {string} person @param {Record<string, string[]>} scope */
  function enrol(person, scope) {
    const id = newId(2)
    const token = toHex(randomBytes(32))
    for (const name of Object.keys(scope)) bucketNamed(name)
    devices.set(id, {
      id,
      token,
      person,
      scope: new Map(Object.entries(scope)),
      replicas: new Map(),
    })
    return { device: id, token, person, name: 'A person', label: 'A tablet' }
  }

  /** @param {Rec} rec @param {number} field @param {any} value @param {any} by */
  function put(rec, field, value, by, flags = 0, raw = null) {
    const was = rec.fields.get(field)
    const past = was ? [was, ...was.past].slice(0, 50) : []
    rec.fields.set(field, { ...by, value, flags, raw, past })
  }

  /** @param {Rec} rec @param {any} edit @param {any} by @returns {number} */
  function putText(rec, edit, by) {
    const cell = rec.fields.get(edit.field)
    const now = String(cell?.value ?? '')
    const base = cell ? groundOf(cell, edit.seen, by.replica) : ''
    if (base === now) {
      put(rec, edit.field, apply(now, edit.value), by)
      return 0
    }
    const met = merge(base, diff(base, now), edit.value)
    const flags = ROW_MERGED | (met.overlaps.length ? ROW_CHECK : 0)
    const raw = apply(base, edit.value)
    put(
      rec,
      edit.field,
      apply(now, met.delta),
      by,
      flags,
      /** @type {any} */ (raw),
    )
    return MERGED
  }

  /** @param {Rec} rec @param {any} edit @param {any} by @returns {number} */
  function putEdit(rec, edit, by) {
    const cell = rec.fields.get(edit.field)
    switch (edit.op) {
      case 'create':
        if (!cell) put(rec, 0, true, by)
        return 0
      case 'delete':
      case 'restore':
        put(rec, 0, edit.op === 'restore', by)
        return 0
      case 'text':
        return putText(rec, edit, by)
      case 'add':
      case 'remove': {
        const set = new Set(cell?.value ?? [])
        for (const e of edit.value) {
          if (edit.op === 'add') set.add(e)
          else set.delete(e)
        }
        put(rec, edit.field, [...set].sort(), by)
        return 0
      }
      default: {
        const isLate =
          cell &&
          cell.v > edit.seen &&
          cell.replica !== by.replica &&
          cell.at > by.at
        if (isLate) return 2
        put(rec, edit.field, edit.value, by)
        return 0
      }
    }
  }

  /** @param {Device} device @param {Replica} replica @param {Uint8Array} bytes
   * @returns {any[]} exceptions, as [index, outcome, reason] */
  function consume(device, replica, bytes) {
    const change = readChange(bytes)
    const seq = ++replica.seq
    replica.bytes.set(seq, bytes)
    replica.chains.push(chainAfter(replica.chains[seq - 1], bytes))
    const edits = change.touches.flatMap((touch) => touch.edits)
    const isPoison = edits.some((edit) => edit.value === 'POISON')
    /** @type {any[]} */
    const exceptions = isPoison ? [[-1, HELD, 20]] : []
    let index = 0
    for (const touch of change.touches) {
      const bucket =
        typeof touch.bucket === 'string'
          ? bucketNamed(touch.bucket)
          : bucketNo(touch.bucket)
      if (!bucket) throw new Error('no bucket')
      for (const edit of touch.edits) {
        head++
        if (!isPoison) {
          const rec = bucket.records.get(touch.record) ?? {
            type: edit.op === 'create' ? edit.value : 1,
            fields: new Map(),
          }
          bucket.records.set(touch.record, rec)
          const by = {
            v: head,
            at: change.at,
            by: device.person,
            replica: replica.no,
          }
          const outcome = putEdit(rec, edit, by)
          if (outcome) exceptions.push([index, outcome, 0])
        }
        index++
      }
    }
    replica.version = head
    return exceptions
  }

  /** @param {Bucket} bucket */
  function sumOf(bucket) {
    let sum = { low: 0, high: 0 }
    let count = 0
    for (const [id, rec] of bucket.records) {
      for (const [field, cell] of rec.fields) {
        sum = sumAdd(sum, id, field, cell.v)
        count++
      }
    }
    return { bucket: bucket.no, count, ...sum }
  }

  /** @param {Rec} rec @param {number} field @param {Cell} cell
   * @param {number} from */
  function rowOf(rec, field, cell, from) {
    const row = {
      field,
      version: cell.v,
      value: cell.value,
      flags: cell.flags,
      author: cell.by,
      at: cell.at,
      prev: 0,
    }
    const known = cell.past.find((one) => one.v <= from)
    const isText = TEXT_FIELDS.has(`${rec.type}/${field}`)
    if (!isText || !known || from === 0 || random() < 0.3) return row
    return {
      ...row,
      value: diff(String(known.value ?? ''), String(cell.value ?? '')),
      flags: row.flags | 1,
      prev: known.v,
    }
  }

  /** Pages of what is newer than `from`. @param {Bucket} bucket
   * @param {number} from */
  function pagesOf(bucket, from) {
    const all = [...bucket.records].flatMap(([id, rec]) =>
      [...rec.fields]
        .filter(([, cell]) => cell.v > from)
        .map(([field, cell]) => ({
          id,
          rec,
          row: rowOf(rec, field, cell, from),
        })),
    )
    all.sort((a, b) => a.row.version - b.row.version)
    const pages = []
    for (let at = 0; at === 0 || at < all.length; at += pageRows) {
      const rows = all.slice(at, at + pageRows)
      const isLast = at + pageRows >= all.length
      const to = isLast ? head : rows[rows.length - 1].row.version
      const body = joined(
        rows.map(({ id, rec, row }) =>
          writeGroup({
            record: id,
            type: rec.type,
            author: row.author,
            at: row.at,
            rows: [row],
          }),
        ),
      )
      pages.push({
        bucket: bucket.no,
        from,
        to,
        codec: /** @type {0} */ (0),
        body,
      })
      from = to
      if (isLast) break
    }
    return pages
  }

  /** @param {Device} device */
  const scopeOf = (device) =>
    [...device.scope].map(([name, roles]) => ({
      bucket: bucketNamed(name).no,
      name,
      roles,
    }))

  /** A connection: what the library sends comes to `fromDevice`.
   * @param {(message: Uint8Array) => void} toDevice
   * @param {() => void} hangUp @returns {Peer} */
  function accept(toDevice, hangUp) {
    /** @type {Device | null} */
    let device = null
    /** @type {Replica | null} */
    let replica = null
    /** @type {Map<number, number>} */
    let cursors = new Map()
    let isLive = false

    /** @param {any} message */
    const say = (message) => toDevice(writeMessage(message))
    /** @param {string} name */
    const refuse = (name, code = 0, detail = 0) => {
      say({ type: 'error', code, name, detail })
      if (name !== 'gap') hangUp()
    }

    function catchUp() {
      if (!device) return
      for (const { bucket } of scopeOf(device)) {
        const from = cursors.get(bucket) ?? 0
        const at = /** @type {Bucket} */ (bucketNo(bucket))
        for (const page of pagesOf(at, from)) {
          if (page.body.length || page.to > from) {
            say({ type: 'update', head: 0, outcomes: [], segments: [page] })
          }
        }
        cursors.set(bucket, head)
      }
      const sums = scopeOf(device).map(({ bucket }) =>
        sumOf(/** @type {Bucket} */ (bucketNo(bucket))),
      )
      say({ type: 'checkpoint', head, sums })
      isLive = true
    }

    /** @param {any} hello */
    function onHello(hello) {
      const known = devices.get(hello.device)
      if (!known || toHex(hello.token) !== known.token) {
        refuse('unknown_device', 7)
        return
      }
      device = known
      replica = known.replicas.get(hello.incarnation) ?? {
        no: ++replicas,
        seq: 0,
        version: 0,
        bytes: new Map(),
        chains: [new Uint8Array(8)],
      }
      known.replicas.set(hello.incarnation, replica)
      const chain = replica.chains[hello.acked]
      if (chain && toHex(chain) !== toHex(hello.chain)) {
        refuse('cloned', 10)
        return
      }
      cursors = new Map(hello.cursors)
      say({
        type: 'welcome',
        protocol: 1,
        nonce: hello.nonce,
        timeline,
        fork: 0,
        safe: 0,
        clock: time,
        replica: replica.no,
        person: known.person,
        seq: replica.seq,
        version: replica.version,
        scope: scopeOf(known),
        head,
      })
      catchUp()
    }

    /** @param {any} push */
    function onPush({ first, changes }) {
      if (!device || !replica) return
      if (first > replica.seq + 1) {
        refuse('gap', 9, replica.seq + 1)
        return
      }
      const before = head
      /** @type {any[]} */
      const exceptions = []
      let last = first - 1
      for (const bytes of changes) {
        last++
        const had = replica.bytes.get(last)
        if (had && toHex(had) !== toHex(bytes)) {
          refuse('cloned', 10)
          return
        }
        if (had) continue
        for (const [index, outcome, reason] of consume(
          device,
          replica,
          bytes,
        )) {
          exceptions.push({ seq: last, index, outcome, reason })
        }
      }
      const { version } = replica
      publish(before, peer, { first, last, version, exceptions })
    }

    /** @type {Peer} */
    const peer = {
      /** @param {number} before @param {any[]} outcomes */
      news: (before, outcomes) => {
        if (!device || !isLive) return
        const segments = scopeOf(device).flatMap(({ bucket }) => {
          const from = cursors.get(bucket) ?? 0
          const at = /** @type {Bucket} */ (bucketNo(bucket))
          const pages = pagesOf(at, from).filter((p) => p.body.length)
          cursors.set(bucket, head)
          return pages
        })
        if (segments.length || outcomes.length || head > before) {
          say({ type: 'update', head, outcomes, segments })
        }
      },
      /** @param {Uint8Array} bytes */
      fromDevice: (bytes) => {
        const message = readMessage(bytes)
        switch (message.type) {
          case 'hello':
            onHello(message)
            return
          case 'push':
            onPush(message)
            return
          case 'pull':
            for (const [bucket, version] of message.cursors) {
              cursors.set(bucket, version)
            }
            catchUp()
            return
          case 'beat':
            say({ type: 'beaten', clock: time })
            return
          case 'history':
            say({
              type: 'entries',
              request: message.request,
              entries: [],
              more: false,
            })
            return
          default:
        }
      },
      rescope: () => {
        if (!device) return
        const ours = new Set(scopeOf(device).map(({ bucket }) => bucket))
        for (const bucket of cursors.keys()) {
          if (!ours.has(bucket)) cursors.delete(bucket)
        }
        say({ type: 'scope', scope: scopeOf(device) })
        catchUp()
      },
      get device() {
        return device
      },
      gone: () => void peers.delete(peer),
      say,
    }
    peers.add(peer)
    return peer
  }

  /** @param {number} before @param {any} author @param {any} outcome */
  function publish(before, author, outcome) {
    for (const peer of peers) {
      peer.news(before, peer === author ? [outcome] : [])
    }
  }

  return {
    enrol,
    accept,
    devices,
    buckets,
    /** @param {string} device @param {Record<string, string[]>} scope */
    grant: (device, scope) => {
      const known = /** @type {Device} */ (devices.get(device))
      known.scope = new Map(Object.entries(scope))
      for (const peer of peers) if (peer.device === known) peer.rescope()
    },
    /** Another history, from a backup. @param {string} id */
    fork: (id) => {
      timeline = id
    },
    get head() {
      return head
    },
    tick: (ms = 1) => (time += ms),
    peers,
    /** All that is in one bucket. @param {string} name */
    dump: (name) =>
      Object.fromEntries(
        [...(buckets.get(name)?.records ?? [])].map(([id, rec]) => [
          id,
          Object.fromEntries(
            [...rec.fields].map(([field, cell]) => [field, cell.value]),
          ),
        ]),
      ),
  }
}
