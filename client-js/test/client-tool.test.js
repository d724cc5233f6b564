// @ts-check
/** tools/client.js from outside, with SIGKILL at any time. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT, skip, startTrust } from './trust.js'

const TOOL = join(ROOT, 'client-js', 'tools', 'client.js')
const BUCKET = 'oversight/s01'

/** @param {string[]} args */
function client(args) {
  const child = spawn(process.execPath, [TOOL, ...args])
  const lines = createInterface({ input: child.stdout })
  /** @type {any[]} */
  const answers = []
  /** @type {((answer: any) => void)[]} */
  const waiting = []
  /** @type {Set<string>} */
  const acks = new Set()
  lines.on('line', (line) => {
    if (line.startsWith('ACK ')) {
      acks.add(line.slice(4))
      return
    }
    const answer = JSON.parse(line)
    const next = waiting.shift()
    if (next) next(answer)
    else answers.push(answer)
  })
  const next = () =>
    new Promise((resolve) => {
      if (answers.length) resolve(answers.shift())
      else waiting.push(resolve)
    })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  return {
    acks,
    next,
    gone,
    /** @param {any} command */
    ask: (command) => {
      child.stdin.write(`${JSON.stringify(command)}\n`)
      return next()
    },
    kill: () => {
      child.kill('SIGKILL')
      return gone
    },
  }
}

for (const road of ['websocket', 'post']) {
  test(
    `client.js over ${road}: killed again and again, keeps what it said`,
    { skip },
    async () => {
      const trust = await startTrust()
      const args = ['--url', trust.url, '--store', join(trust.folder, 'c')]
      if (road === 'post') args.push('--post')
      /** @type {string[]} */
      const kept = []
      /** @type {Set<string>} */
      const acked = new Set()
      for (let life = 0; life < 6; life++) {
        const device = client([...args, '--code', 'Ann-code'])
        assert.equal((await device.next()).ready, true)
        for (let n = 0; n < 4 + life; n++) {
          const id = `op-${life}-${n}`
          const fields = {
            school: 's01',
            lead: 'ann',
            date: '2026-03-02',
            findings: id,
          }
          const put = {
            do: 'put',
            id,
            type: 'visit',
            bucket: BUCKET,
            record: id,
            fields,
          }
          const answer = await device.ask(put)
          assert.equal(answer.ok, true, JSON.stringify(answer))
          kept.push(id)
        }
        // The last of a life may be cut anywhere.
        void device.ask({
          do: 'edit',
          id: 'x',
          record: kept[0],
          field: 'findings',
          text: 'op-0-0 again',
        })
        await new Promise((resolve) => setTimeout(resolve, life * 4))
        await device.kill()
        device.acks.forEach((id) => acked.add(id))
      }
      const last = client(args)
      await last.next()
      const synced = await last.ask({ do: 'sync' })
      assert.equal(synced.status?.pending, 0, JSON.stringify(synced))
      last.acks.forEach((id) => acked.add(id))
      const other = client([
        '--url',
        trust.url,
        '--store',
        join(trust.folder, 'o'),
        '--code',
        'Bob-code',
      ])
      await other.next()
      await other.ask({ do: 'sync' })
      const { records } = await other.ask({ do: 'dump' })
      const texts = Object.values(records)
        .filter((/** @type {any} */ record) => record.type === 'visit')
        .map(
          (/** @type {any} */ record) => record.fields.findings.split(' ')[0],
        )
      assert.deepEqual(texts.sort(), kept.sort())
      for (const id of acked) assert.ok(id === 'x' || kept.includes(id))
      await Promise.all([last.kill(), other.kill()])
    },
  )
}
