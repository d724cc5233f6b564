#!/usr/bin/env node
// @ts-check
/**
 * Gives a running demo trust something to decide, for pictures and tests: the
 * seed goes through one writer after another, so nothing can meet in it. Here
 * people write at the same time without seeing each other:
 *
 *     two grades, two dates      Helen and Demelza, Helen and Tamsin
 *     a late change              Helen’s, of a note that Tamsin has signed
 *     a signature to give again  Tamsin’s: Helen’s words came first
 *     one visit there twice      begun by Helen and by Tamsin
 *     two wordings               of the same words
 *
 *     node tools/demo-decisions.mjs --url http://127.0.0.1:PORT
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { enrol, open } from '../src/index.js'
import { memoryStore } from '../src/store-memory.js'

const SYNC_MS = 15000
const SENTENCE = 'I have read this and it is accurate.'

/** A device of that person. @param {string} url @param {string} name */
async function enter(url, name) {
  const code = `DEMO-${name}`
  const label = `${name[0]}${name.slice(1).toLowerCase()}’s other tablet`
  const identity = await enrol({ url, code, label, platform: 'demo' })
  const options = { url, identity, appVersion: 'demo' }
  const tm = await open({ ...options, store: memoryStore() })
  await tm.sync({ timeout: SYNC_MS })
  return tm
}

/** @typedef {Awaited<ReturnType<typeof enter>>} Device */

/** Each writes without the others, and their work arrives in this order.
 * @param {readonly (readonly [Device, (c: any) => void])[]} works */
async function apart(...works) {
  for (const [tm] of works) tm.pause()
  for (const [tm, work] of works) await tm.change(work)
  for (const [tm] of works) {
    tm.resume()
    await tm.sync({ timeout: SYNC_MS })
  }
  for (const [tm] of works) await tm.sync({ timeout: SYNC_MS })
}

/** @param {Device} tm @param {string} id @param {string} field
 * @param {string} from @param {string} to */
const reworded = (tm, id, field, from, to) =>
  tm.get(id)?.fields[field].replace(from, to)

/** Two grades. @param {Device} helen @param {Device} demelza */
async function grades(helen, demelza) {
  const review = helen.namedId('rev-trevannick-2026')
  const id = helen.naturalId('judgement', { review, line: 'suspensions' })
  const said = helen.get(id)?.fields.rationale.split('. ')[0]
  await apart(
    [
      demelza,
      (c) => {
        c.set(id, 'grade', 'expected_standard')
        const more = 'A new behaviour policy has halved repeat suspensions.'
        c.text(id, 'rationale', `${said}. ${more}`)
      },
    ],
    [
      helen,
      (c) => {
        c.set(id, 'grade', 'urgent_improvement')
        const more = 'Few teachers could say what helps these pupils.'
        c.text(id, 'rationale', `${said}. ${more}`)
      },
    ],
  )
  return id
}

/** Two dates of one visit. @param {Device} helen @param {Device} tamsin */
async function dates(helen, tamsin) {
  const id = helen.namedId('vis-10')
  const { date } = /** @type {any} */ (helen.get(id)).fields
  const day = (/** @type {number} */ n) =>
    new Date(Date.parse(date) + n * 86_400_000).toISOString().slice(0, 10)
  await apart(
    [helen, (c) => c.set(id, 'date', day(-1))],
    [tamsin, (c) => c.set(id, 'date', day(-2))],
  )
  return id
}

/** A signed note, and what came too late. @param {Device} helen
 * @param {Device} tamsin */
async function late(helen, tamsin) {
  const id = helen.namedId('vis-07')
  const text = reworded(
    helen,
    id,
    'next_steps',
    'each Tuesday',
    'each Thursday',
  )
  await apart(
    [tamsin, (c) => c.sign(id, { words: SENTENCE, asRole: 'hub_lead' })],
    [helen, (c) => c.text(id, 'next_steps', text)],
  )
  return id
}

/** Words that came before the signature. @param {Device} helen
 * @param {Device} tamsin */
async function again(helen, tamsin) {
  const id = helen.namedId('vis-09')
  await tamsin.change((c) => {
    c.text(id, 'findings', 'Teachers review each plan with the pupil.')
    c.text(id, 'next_steps', 'The SENDCo shows one good review in May.')
  })
  await tamsin.sync({ timeout: SYNC_MS })
  await helen.sync({ timeout: SYNC_MS })
  await apart(
    [
      helen,
      (c) => {
        const more = ' In Year 4 nobody had looked at it since autumn.'
        c.text(id, 'findings', `${helen.get(id)?.fields.findings}${more}`)
      },
    ],
    [tamsin, (c) => c.sign(id, { words: SENTENCE, asRole: 'hub_lead' })],
  )
  return id
}

/** One visit, begun twice. @param {Device} helen @param {Device} tamsin */
async function twice(helen, tamsin) {
  const school = helen.namedId('carnmorva')
  const date = new Date().toISOString().slice(0, 10)
  /** @param {Device} tm @param {string} purpose @param {string} findings */
  const begin = (tm, purpose, findings) => (/** @type {any} */ c) => {
    const id = c.create('visit', `oversight/${school}`, {
      school,
      date,
      kind: 'learning_walk',
      lead: tm.person.id,
      state: 'draft',
      revision: 1,
      purpose,
      findings,
    })
    c.create('evidence', `oversight/${school}`, {
      parent: id,
      school,
      seen_at: Date.now(),
      kind: 'learning_walk',
      by: tm.person.id,
      summary: `${findings.split('.')[0]}.`,
    })
  }
  const quiet = 'Quiet corners are used well. Adults wait before they help.'
  const visual = 'Visual timetables hang in every room.'
  await apart(
    [tamsin, begin(tamsin, 'How the youngest settle.', quiet)],
    [helen, begin(helen, 'A first look at the nursery.', visual)],
  )
}

/** Two wordings. @param {Device} helen @param {Device} tamsin */
async function wordings(helen, tamsin) {
  const id = helen.namedId('vis-10')
  const text = (/** @type {Device} */ tm, /** @type {string} */ to) =>
    reworded(tm, id, 'purpose', 'together', to)
  await apart(
    [helen, (c) => c.text(id, 'purpose', text(helen, 'with the deputy'))],
    [tamsin, (c) => c.text(id, 'purpose', text(tamsin, 'with every teacher'))],
  )
  return id
}

/** All of it. @param {string} url
 * @returns {Promise<Record<string, string>>} ids of the records */
export async function makeDecisions(url) {
  const names = ['HELEN', 'DEMELZA', 'TAMSIN']
  const all = await Promise.all(names.map((name) => enter(url, name)))
  const [helen, demelza, tamsin] = all
  try {
    const judgement = await grades(helen, demelza)
    const dated = await dates(helen, tamsin)
    const signed = await late(helen, tamsin)
    const unsigned = await again(helen, tamsin)
    await twice(helen, tamsin)
    await wordings(helen, tamsin)
    return { judgement, dated, signed, unsigned }
  } finally {
    for (const tm of all) await tm.close()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { url: { type: 'string' } } })
  if (!values.url) throw new Error('--url is missing')
  console.log(JSON.stringify(await makeDecisions(values.url)))
}
