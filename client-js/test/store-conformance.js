// @ts-check
/** What every store must do: src/store.js, as tests. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

/**
 * @typedef {import('../src/store.js').Store} Store
 * @typedef {import('../src/store.js').Op} Op
 */

const CHANGE = {
  seq: 1,
  at: 1_750_000_000_000,
  bytes: new Uint8Array([1, 2, 255]),
  touches: [{ bucket: 'school/s01', edits: [{ value: null, seen: 2 ** 40 }] }],
  sealed: false,
}

/**
 * @param {string} name
 * @param {() => Promise<{ make: () => Store, end?: () => Promise<void> }>} setUp
 *   `make` opens the same place again and again
 */
export function conformance(name, setUp) {
  /** @param {string} what
   * @param {(make: () => Store) => Promise<void>} body */
  const story = (what, body) =>
    test(`${name}: ${what}`, async () => {
      const { make, end } = await setUp()
      try {
        await body(make)
      } finally {
        await end?.()
      }
    })

  story('a new store is empty', async (make) => {
    const store = make()
    assert.deepEqual(await store.open(), {
      revision: 0,
      records: [],
      outbox: [],
      held: [],
      kept: [],
      meta: [],
    })
    await store.close()
  })

  story('what was written is there after a reopening', async (make) => {
    const store = make()
    await store.open()
    /** @type {Op[]} */
    const ops = [
      { table: 'records', put: { id: 'r1', fields: { 1: { v: 7 } } } },
      { table: 'outbox', put: CHANGE },
      { table: 'held', put: { key: 'h', reason: 'once' } },
      { table: 'meta', put: { key: 'self', chain: new Uint8Array(8) } },
    ]
    assert.equal(await store.write(ops, 0), 'ok')
    await store.close()
    const again = make()
    const contents = await again.open()
    assert.equal(contents.revision, 1)
    assert.deepEqual(contents.records, [{ id: 'r1', fields: { 1: { v: 7 } } }])
    assert.deepEqual(contents.outbox, [CHANGE])
    assert.ok(contents.outbox[0].bytes instanceof Uint8Array)
    assert.deepEqual(contents.held, [{ key: 'h', reason: 'once' }])
    assert.deepEqual(contents.meta, [{ key: 'self', chain: new Uint8Array(8) }])
    await again.close()
  })

  story('a write replaces and drops, in order', async (make) => {
    const store = make()
    await store.open()
    await store.write([{ table: 'records', put: { id: 'a', n: 1 } }], 0)
    await store.write(
      [
        { table: 'records', put: { id: 'a', n: 2 } },
        { table: 'records', put: { id: 'b', n: 3 } },
        { table: 'records', drop: 'b' },
        { table: 'records', drop: 'never there' },
      ],
      1,
    )
    const { records, revision } = await store.open()
    assert.deepEqual(records, [{ id: 'a', n: 2 }])
    assert.equal(revision, 2)
    await store.close()
  })

  story('a write on an older revision does nothing', async (make) => {
    const store = make()
    await store.open()
    const put = { key: 'k', n: 1 }
    assert.equal(await store.write([{ table: 'meta', put }], 0), 'ok')
    const late = { key: 'k', n: 2 }
    assert.equal(await store.write([{ table: 'meta', put: late }], 0), 'moved')
    const { meta, revision } = await store.open()
    assert.deepEqual(meta, [put])
    assert.equal(revision, 1)
    await store.close()
  })

  story('the outbox comes in order of seq', async (make) => {
    const store = make()
    await store.open()
    /** @type {Op[]} */
    const ops = [10, 9, 100, 1].map((seq) => ({
      table: 'outbox',
      put: { ...CHANGE, seq },
    }))
    await store.write(ops, 0)
    const { outbox } = await store.open()
    assert.deepEqual(
      outbox.map((pending) => pending.seq),
      [1, 9, 10, 100],
    )
    await store.close()
  })

  story('what is handed out or in is nobody else’s', async (make) => {
    const store = make()
    await store.open()
    const put = { id: 'a', list: [1] }
    await store.write([{ table: 'records', put }], 0)
    put.list.push(2)
    const first = await store.open()
    first.records[0].list.push(3)
    const second = await store.open()
    assert.deepEqual(second.records[0].list, [1])
    await store.close()
  })

  story('what cannot be kept is refused whole', async (make) => {
    const store = make()
    await store.open()
    /** @type {Op[]} */
    const ops = [
      { table: 'meta', put: { key: 'good' } },
      { table: 'meta', put: { key: 'bad', fn: () => {} } },
    ]
    await assert.rejects(store.write(ops, 0))
    const { meta, revision } = await store.open()
    assert.deepEqual(meta, [])
    assert.equal(revision, 0)
    await store.close()
  })

  story('an erased store is empty', async (make) => {
    const store = make()
    await store.open()
    await store.write([{ table: 'meta', put: { key: 'k' } }], 0)
    await store.erase()
    const again = make()
    const { meta, records } = await again.open()
    assert.deepEqual([meta, records], [[], []])
    await again.close()
  })
}
