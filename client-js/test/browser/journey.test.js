// @ts-check
/* The path that Tidemark is for: two people work in one school without a
 * network, and without a server; their tablets are even started anew; then
 * everything meets, in the open pages, in the console, and in the store that
 * anybody may read with SQL. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { check, checkVersions, dump, until } from '../server.js'
import { caretAfter, choose, setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */

const FOUND =
  'Plans are written by class teachers and checked by the SENDCo. The ' +
  "weakest part is now 'do': teachers could describe the strategy but in " +
  'two lessons it was not being used.'
const TAMSIN_FOUND = ' Every plan has a date for its review.'
const HELEN_FOUND = ' We agreed to look again before the spring term.'
const MERGED = FOUND.replace('SENDCo.', `SENDCo.${TAMSIN_FOUND}`) + HELEN_FOUND
const PURPOSE = 'See how the new reading corner is used. Naïve “quotes” – 👩🏽‍🏫.'
const SEEN = 'Year 4 chose their own starting point'
const DETAIL = 'Three pupils picked the harder task, and said why.'

/** @param {Actor} actor @param {string} label */
const box = ({ page }, label) => page.getByLabel(label, { exact: true })

/** @param {Actor} actor @param {RegExp} words */
const pillSays = (actor, words) =>
  until(async () => words.test(await actor.pill()), `${actor.name}: ${words}`)

/** @param {Actor} actor @param {string} label @param {string} words */
const boxSays = (actor, label, words) =>
  until(
    async () => (await box(actor, label).inputValue()) === words,
    `${actor.name}, ${label}: ${words}`,
  )

/** @param {Actor} actor */
const openPorthenwyn = async (actor) => {
  await actor.go('visits')
  await actor.page
    .locator('.list li', { hasText: 'Porthenwyn' })
    .filter({ hasText: '30 Sept' })
    .locator('a.main')
    .click()
  await box(actor, 'What we found').waitFor()
  return actor.page.url().split('/').at(-1) ?? ''
}

/** Marks the page, so that a reload by itself would be seen.
 * @param {Actor} actor */
const mark = ({ page }) =>
  page.evaluate(() => {
    const all = /** @type {any} */ (globalThis)
    all.isTheSamePage = true
  })

/** @param {Actor} actor */
const isMarked = ({ page }) =>
  page.evaluate(() => /** @type {any} */ (globalThis).isTheSamePage === true)

describe('two people without a network', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin
  /** @type {Actor} */ let helen
  /** @type {Actor} */ let morwenna
  let shared = '' // the visit that both write in
  let fresh = '' // the one that Tamsin begins

  before(async () => {
    stage = await setStage()
    ;[tamsin, helen] = await Promise.all([
      stage.enter('TAMSIN'),
      stage.enter('HELEN'),
    ])
  })
  after(() => stage?.strike())

  test('everything has arrived before they leave', async () => {
    for (const actor of [tamsin, helen]) {
      await pillSays(actor, /^All work sent$/)
      await actor.ready()
    }
  })

  test('the network goes, and the server: nothing looks like a fault', async () => {
    await tamsin.context.setOffline(true)
    await helen.context.setOffline(true)
    await stage.kill()
    for (const actor of [tamsin, helen]) {
      await pillSays(actor, /^Offline\. Saved on this tablet$/)
    }
  })

  test('both write, in the same note too', async () => {
    shared = await openPorthenwyn(tamsin)
    assert.equal(await openPorthenwyn(helen), shared)
    assert.equal(await box(tamsin, 'What we found').inputValue(), FOUND)

    await caretAfter(box(tamsin, 'What we found'), 'SENDCo.')
    await tamsin.page.keyboard.type(TAMSIN_FOUND)
    await caretAfter(box(helen, 'What we found'), 'being used.')
    await helen.page.keyboard.type(HELEN_FOUND)
    // The same word, each in their own way.
    await choose(box(tamsin, 'Agreed next steps'), 'Tuesday')
    await tamsin.page.keyboard.type('Thursday')
    await choose(box(helen, 'Agreed next steps'), 'Tuesday')
    await helen.page.keyboard.type('Wednesday')

    await helen.page.getByRole('button', { name: 'New evidence' }).click()
    await box(helen, 'In one line').fill(SEEN)
    await box(helen, 'What was seen or said').fill(DETAIL)
    await pillSays(tamsin, /^Offline\. 1 item safe on this tablet$/)
    await pillSays(helen, /^Offline\. 2 items safe on this tablet$/)
  })

  test('Tamsin begins a visit', async () => {
    await tamsin.go('schools')
    await tamsin.page.locator('a.school', { hasText: 'Lansulien' }).click()
    await tamsin.page.getByRole('button', { name: 'New visit' }).click()
    await box(tamsin, 'Purpose').fill(PURPOSE)
    await box(tamsin, 'Kind of visit').selectOption({ label: 'Learning walk' })
    await tamsin.page.getByRole('checkbox', { name: 'Identification' }).click()
    await pillSays(tamsin, /^Offline\. 2 items safe on this tablet$/)
    await tamsin.page
      .locator('.side a.whole', { hasText: 'On this tablet' })
      .waitFor()
    fresh = tamsin.page.url().split('/').at(-1) ?? ''
    await tamsin.go('')
    await tamsin.page
      .locator('aside.out', { hasText: 'Safe on this tablet' })
      .getByText('Learning walk')
      .waitFor()
  })

  test('started anew without a network, all of it is there', async () => {
    await tamsin.page.reload()
    await helen.page.reload()
    await pillSays(tamsin, /^Offline\. 2 items safe on this tablet$/)
    await pillSays(helen, /^Offline\. 2 items safe on this tablet$/)
    await tamsin.go(`visit/${fresh}`)
    await boxSays(tamsin, 'Purpose', PURPOSE)
    await tamsin.go(`visit/${shared}`)
    const hers = FOUND.replace('SENDCo.', `SENDCo.${TAMSIN_FOUND}`)
    await boxSays(tamsin, 'What we found', hers)
    await boxSays(helen, 'In one line', SEEN)
    await helen.go(`visit/${shared}`)
    await boxSays(helen, 'What we found', FOUND + HELEN_FOUND)
    await mark(tamsin)
    await mark(helen)
  })

  test('the server is back: all is sent, and stands in the open pages', async () => {
    await stage.start()
    await tamsin.context.setOffline(false)
    await helen.context.setOffline(false)
    for (const actor of [tamsin, helen]) {
      await boxSays(actor, 'What we found', MERGED)
      await pillSays(actor, /^All work sent$/)
      await actor.page.getByText('Check wording').waitFor()
      assert(await isMarked(actor), `${actor.name}: the page was loaded again`)
    }
    const both = await box(helen, 'Agreed next steps').inputValue()
    assert.match(both, /each (Thursday Wednesday|Wednesday Thursday) with/)
    await boxSays(tamsin, 'Agreed next steps', both)
    await tamsin.page.locator('.side').getByText(SEEN).click()
    await boxSays(tamsin, 'What was seen or said', DETAIL)
    await helen.go(`visit/${fresh}`)
    await boxSays(helen, 'Purpose', PURPOSE)
  })

  test('the console shows what was merged, by whom, and how', async () => {
    morwenna = await stage.enter('MORWENNA', { face: 'console' })
    const { page } = morwenna
    await pillSays(morwenna, /^All work sent$/)
    await morwenna.go(`record/${shared}`)
    const now = page.locator('section', { hasText: 'What it says now' })
    const found = now.locator('dl > div', { hasText: 'What we found' })
    assert.equal(await found.locator('dd').innerText(), MERGED)
    await found.getByText('Joined', { exact: true }).waitFor()

    const story = page.locator('.timeline > li', { hasText: 'What we found' })
    for (const [name, words] of [
      ['Tamsin Trevarrow', TAMSIN_FOUND],
      ['Helen Okafor', HELEN_FOUND],
    ]) {
      const save = story
        .filter({ hasText: name })
        .filter({ hasText: words.trim() })
      await save.first().waitFor()
      const came = await save.first().locator('ins').allInnerTexts()
      assert(came.join(' ').includes(words.trim()), `${name}: ${came}`)
    }
    await morwenna.go('decide') // the word that both changed
    await page.locator('main', { hasText: 'Porthenwyn' }).first().waitFor()
    assert.equal(await page.title(), 'To settle – Tidemark')
    await morwenna.go('came-in')
    await page
      .locator('.arrival', { hasText: 'Tamsin Trevarrow wrote' })
      .filter({ hasText: 'Lansulien' })
      .first()
      .waitFor()
  })

  test('no page did anything wrong', async () => {
    assert.deepEqual(await tamsin.faults(), [])
    assert.deepEqual(await helen.faults(), [])
    assert.deepEqual(await morwenna.faults(), [])
  })

  test('the store says the same to SQL, and checks', async () => {
    await stage.stop()
    const { data } = stage.trust
    const rows = JSON.parse(
      execFileSync('sqlite3', [
        '-readonly',
        '-json',
        path.join(data, 'tidemark.db'),
        `SELECT school, lead, purpose, findings FROM visit
          WHERE id IN ('${shared}', '${fresh}') ORDER BY date`,
      ]).toString(),
    )
    assert.equal(rows.length, 2)
    assert.equal(rows[0].findings, MERGED)
    assert.equal(rows[0].school, 'Porthenwyn Primary School')
    assert.equal(rows[1].purpose, PURPOSE)
    assert.equal(rows[1].lead, 'Tamsin Trevarrow')
    check(stage.trust)
    checkVersions(dump(stage.trust))
  })
})
