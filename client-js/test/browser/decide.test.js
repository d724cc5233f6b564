// @ts-check
/* Deciding and signing, on the screens: people have written without seeing each
 * other (tools/demo-decisions.mjs); what is decided on a tablet without a
 * network counts everywhere once it has been sent, and so does the console's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { makeDecisions } from '../../tools/demo-decisions.mjs'
import { until } from '../server.js'
import { PORTRAIT, setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */

const AXE = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What axe finds on the screen as it stands. @param {Actor} actor */
async function axe({ page }) {
  const { violations } = await page.evaluate(`${AXE};
    axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`)
  return violations.map(
    (/** @type {any} */ { id, nodes }) => `${id}: ${nodes[0].html}`,
  )
}

/** @param {Actor} actor */
const tooWide = ({ page }) =>
  page.evaluate(
    () =>
      document.documentElement.scrollWidth -
      document.documentElement.clientWidth,
  )

/** @param {Actor} actor @param {string | RegExp} words */
const sees = ({ page }, words) => page.getByText(words).first().waitFor()

/** @param {Actor} actor @param {string} name */
const button = ({ page }, name) =>
  page.getByRole('button', { name, exact: true })

/** @param {Actor} actor */
const allSent = (actor) =>
  until(
    async () => (await actor.pill()) === 'All work sent',
    `${actor.name}: all work sent`,
  )

describe('deciding and signing', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin
  /** @type {Actor} */ let helen
  /** @type {Actor} */ let morwenna
  /** @type {Record<string, string>} */ let ids

  before(async () => {
    stage = await setStage()
    ids = await makeDecisions(stage.url)
    ;[tamsin, helen, morwenna] = await Promise.all([
      stage.enter('TAMSIN'),
      stage.enter('HELEN'),
      stage.enter('MORWENNA', { face: 'console' }),
    ])
    await Promise.all([tamsin, helen, morwenna].map(allSent))
  })
  after(() => stage?.strike())

  test('Today says what needs her, the oldest first', async () => {
    const rows = tamsin.page.locator('.needs li')
    await rows.first().waitFor()
    const words = (await rows.allInnerTexts()).map((r) => r.split('\n')[0])
    assert.deepEqual(words, [
      'Tregarrack: two answers',
      'Porthenwyn: a late change',
      'Lansulien: sign again',
    ])
    await sees(tamsin, '2 more once these are done.')
    assert.deepEqual(await axe(tamsin), [])
  })

  test('who does not decide sees that it is being discussed', async () => {
    await helen.go(`visit/${ids.dated}`)
    await sees(helen, 'The date of visit is being discussed.')
    await sees(helen, /Tamsin Trevarrow decides/)
    assert.equal(await button(helen, 'Settle on this').count(), 0)
    assert.deepEqual(await axe(helen), [])
  })

  test('she decides without a network, on the visit itself', async () => {
    await tamsin.context.setOffline(true)
    await tamsin.go(`visit/${ids.dated}`)
    await button(tamsin, 'Keep Tamsin’s').waitFor()
    await sees(tamsin, 'a decision about date of visit')
    assert.deepEqual(await axe(tamsin), [])
    await tamsin.page.setViewportSize(PORTRAIT)
    assert.equal(await tooWide(tamsin), 0)
    await button(tamsin, 'Keep Tamsin’s').click()
    await sees(tamsin, /You have decided/)
  })

  test('and signs there: what is missing has a name', async () => {
    const { page } = tamsin
    const missing = page.locator('.missing li')
    assert.deepEqual(await missing.allInnerTexts(), [
      'What we found',
      'Agreed next steps',
    ])
    await page.getByLabel('What we found').fill('The register is clear.')
    await page.getByLabel('Agreed next steps').fill('Look again in May.')
    await button(tamsin, 'Sign and share').waitFor()
    await page.getByLabel('I have read this and it is accurate.').check()
    await button(tamsin, 'Sign and share').click()
    await sees(tamsin, 'Signed on this tablet')
    await sees(tamsin, /takes effect when sent/)
    const found = page.getByLabel('What we found')
    assert.equal(await found.getAttribute('readonly'), '')
    assert.deepEqual(await axe(tamsin), [])
  })

  test('back in the network it counts, and the console sees it', async () => {
    await tamsin.context.setOffline(false)
    await sees(tamsin, 'Signed and shared')
    await allSent(tamsin)
    await morwenna.go(`record/${ids.dated}`)
    await morwenna.page.locator('#signed').waitFor()
    await sees(morwenna, 'Took effect')
    const decided = morwenna.page.getByRole('link', {
      name: 'Needs a decision',
    })
    assert.equal(await decided.count(), 0)
    assert.deepEqual(await axe(morwenna), [])
  })

  test('something came before her signature: she reads, and signs again', async () => {
    await tamsin.go(`visit/${ids.unsigned}`)
    await sees(tamsin, 'Something was added before your signature arrived')
    const added = tamsin.page.locator('.sign ins')
    await added.first().waitFor()
    const words = (await added.allInnerTexts()).join('')
    assert.match(words, /In Year 4 nobody had looked at it since autumn/)
    assert.deepEqual(await axe(tamsin), [])
    await button(tamsin, 'I have read it: sign again').click()
    await sees(tamsin, 'Signed and shared')
  })

  test('a late change is taken in, and its author is told', async () => {
    await helen.go(`visit/${ids.signed}`)
    await sees(helen, 'You wrote this later')
    await tamsin.go(`visit/${ids.signed}`)
    await sees(tamsin, 'Helen Okafor wrote this later')
    assert.deepEqual(await axe(tamsin), [])
    await button(tamsin, 'Take it in').click()
    const box = tamsin.page.getByLabel('Agreed next steps')
    await until(
      async () => /each Thursday/.test(await box.inputValue()),
      'the late words are there',
    )
    await sees(tamsin, /revision 2/)
    await sees(helen, 'Tamsin Trevarrow took in what you wrote later.')
  })

  test('the console settles two grades with a reason of its own', async () => {
    const { page } = morwenna
    await morwenna.go(`decide/${ids.judgement}`)
    await sees(morwenna, 'Suspensions: two judgements')
    await page.locator('.meets svg').waitFor()
    assert.deepEqual(await axe(morwenna), [])
    await page.getByLabel('Needs attention').check()
    await page.getByLabel('Why').fill('Fewer suspensions, not yet few.')
    await button(morwenna, 'Settle on this').click()
    await allSent(morwenna)
    await helen.go('reviews')
    await helen.page.locator('.list a.main', { hasText: 'Trevannick' }).click()
    const why = helen.page.getByLabel('Suspensions: because')
    await until(
      async () =>
        (await why.inputValue()) === 'Fewer suspensions, not yet few.',
      'the reason is on the tablet',
    )
    assert.equal(await helen.page.locator('.asks').count(), 0)
  })

  test('two notes of one day are two', async () => {
    const { page } = morwenna
    await morwenna.go('decide')
    await page.locator('.queue a', { hasText: 'twice' }).click()
    await sees(morwenna, 'One record, or two?')
    assert.deepEqual(await axe(morwenna), [])
    await button(morwenna, 'They are two').click()
    await until(
      async () =>
        (await page.locator('.queue a', { hasText: 'twice' }).count()) === 0,
      'nothing asks about it any more',
    )
  })

  test('an older wording is put back, as a new edit', async () => {
    const { page } = morwenna
    await morwenna.go(`record/${ids.judgement}`)
    await page
      .locator('.arrival', {
        has: page.locator('ins', { hasText: 'has halved' }),
      })
      .getByRole('button', { name: 'Put this wording back' })
      .first()
      .click()
    const now = page.locator('.values > div', { hasText: 'Why' })
    await now.filter({ hasText: 'behaviour policy' }).waitFor()
    assert.deepEqual(await axe(morwenna), [])
  })

  test('no page did anything wrong', async () => {
    for (const actor of [tamsin, helen, morwenna]) {
      assert.deepEqual(await actor.faults(), [], actor.name)
    }
  })
})
