// @ts-check
/* Every screen of both faces: hostile words are shown as they are and do
 * nothing, assistive technology finds its way, fingers find the buttons, and
 * nothing scrolls sideways, upright or across. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { until } from '../server.js'
import { LANDSCAPE, PORTRAIT, setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */
/** @typedef {import('playwright-core').Page} Page */

const AXE = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)
const TOUCH_MIN = 44

// For lines of at most 120 characters, and with more of it for long texts.
const SHORT =
  '<img src=x onerror="hit=1">\u202e👩🏽‍🏫 é e\u0301</input><script>hit=2</script>"\'`${hit=3}{{hit=4}}&lt;'
const LONG =
  `${SHORT}\u202c\n</textarea><script>hit=5</script><svg onload=hit=6>\n` +
  '\u200f\u2067 مرحبا \u2069 javascript:hit=7 \u{1f1ec}\u{1f1e7} ﷽ \ttabs  and  spaces\n'
const LONGEST = LONG + 'Eight thousand: 👩🏽‍🏫. '.repeat(400).slice(0, 7600)

/** The text boxes of a visit's note, and what is typed there. */
const NOTE = {
  'Met with': SHORT,
  Purpose: LONG,
  'Since the last visit': LONG,
  'What is working well': LONG,
  'What we found': LONGEST,
  'Impact seen': LONG,
  'Agreed next steps': LONG,
  'Support offered': LONG,
}

const TABLET = ['', 'schools', 'visits', 'reviews', 'this-device']
const CONSOLE = [
  '',
  'came-in',
  'decide',
  'records',
  'tablets',
  'people',
  'this-device',
]

/** @param {Actor} actor @param {string} place */
async function show(actor, place) {
  await actor.go(place)
  await actor.page.evaluate(async () => {
    await document.fonts.ready
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn))
    for (let i = 0; i < 3; i++) await frame()
  })
  await actor.page.locator('h1').waitFor()
}

/** Did any of the hostile words become a thing? @param {Page} page */
const harm = (page) =>
  page.evaluate(() => ({
    ran: /** @type {any} */ (globalThis).hit,
    made: document.querySelectorAll(
      'img[src="x"], svg[onload], body script, main script',
    ).length,
    title: /<|hit|👩/u.test(document.title),
  }))

const NO_HARM = { ran: undefined, made: 0, title: false }

/** What axe calls serious or critical. @param {Page} page */
async function axe(page) {
  const { violations } = await page.evaluate(`${AXE};
    axe.run(document, { resultTypes: ['violations'] })`)
  return violations
    .filter((/** @type {any} */ v) => /serious|critical/.test(v.impact))
    .map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes[0].html}`)
}

/** How much of the screen stands out on the right. @param {Page} page */
const tooWide = (page) =>
  page.evaluate(
    () =>
      document.documentElement.scrollWidth -
      document.documentElement.clientWidth,
  )

/** Buttons, links and choices that a finger can miss. A box inside a label
 * counts as its label. @param {Page} page */
const tooSmall = (page) =>
  page.evaluate((min) => {
    const all = document.querySelectorAll('button, a[href], input, select')
    return [...all]
      .filter((element) => !element.matches('.skip'))
      .map((element) => {
        const target = element.closest('label') ?? element
        const { width, height } = target.getBoundingClientRect()
        return { target, width, height }
      })
      .filter(({ width, height }) => width > 0 && height > 0)
      .filter(({ width, height }) => Math.min(width, height) < min - 0.5)
      .map(({ target, width, height }) => {
        const words = target.textContent?.trim().slice(0, 40)
        return `${target.className || target.tagName} ${words}: ${width | 0}×${height | 0}`
      })
  }, TOUCH_MIN)

describe('every screen', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin
  /** @type {Actor} */ let morwenna
  let visit = ''
  let item = ''
  /** @type {string[]} */ let places = [] // the tablet's

  before(async () => {
    stage = await setStage()
    tamsin = await stage.enter('TAMSIN')
    morwenna = await stage.enter('MORWENNA', { face: 'console' })
    for (const actor of [tamsin, morwenna]) {
      await until(async () => (await actor.pill()) === 'All work sent', 'sent')
    }
  })
  after(() => stage?.strike())

  test('hostile words are typed in every box of a visit', async () => {
    const { page } = tamsin
    const box = (/** @type {string} */ label) =>
      page.getByLabel(label, { exact: true })
    await show(tamsin, 'schools')
    await page.locator('a.school').first().click()
    const school = page.url().split('#/')[1]
    await page.getByRole('button', { name: 'New visit' }).click()
    for (const [label, words] of Object.entries(NOTE)) {
      await box(label).fill(words)
    }
    await page.getByRole('button', { name: 'Add an action' }).click()
    await box('What will be done').fill(SHORT)
    await page.getByRole('button', { name: 'Add the action' }).click()
    visit = page.url().split('/').at(-1) ?? ''
    await page.getByRole('button', { name: 'New evidence' }).click()
    await box('In one line').fill(SHORT)
    await box('What was seen or said').fill(LONG)
    item = page.url().split('/').at(-1) ?? ''
    await until(async () => (await tamsin.pill()) === 'All work sent', 'sent')
    const [review] = await reviews(tamsin)
    places = [
      ...TABLET,
      school,
      `visit/${visit}`,
      `visit/${visit}/evidence/${item}`,
      ...(review ? [review, `${review}/paper`] : []),
    ]
  })

  /** @param {Actor} actor */
  async function reviews(actor) {
    await show(actor, 'reviews')
    const links = actor.page.locator('main a[href^="#/review/"]')
    const hrefs = await links.evaluateAll((all) =>
      all.map((a) => a.getAttribute('href') ?? ''),
    )
    return hrefs.map((href) => href.slice(2))
  }

  test('on the tablet they stand as they were typed', async () => {
    const { page } = tamsin
    await page.reload()
    await show(tamsin, `visit/${visit}`)
    for (const [label, words] of Object.entries(NOTE)) {
      const box = page.getByLabel(label, { exact: true })
      assert.equal(await box.inputValue(), words, label)
    }
    await page.getByText(SHORT, { exact: true }).first().waitFor()
    for (const place of places) {
      await show(tamsin, place)
      assert.deepEqual(await harm(page), NO_HARM, place)
    }
  })

  test('in the console and its history, too', async () => {
    const { page } = morwenna
    await show(morwenna, `record/${visit}`)
    const now = page.locator('dl.values > div')
    const story = page.locator('.timeline')
    await story.locator('dd').first().waitFor()
    for (const [label, words] of Object.entries(NOTE)) {
      const name = label === 'Met with' ? 'Others met (roles only)' : label
      const row = now.filter({
        has: page.locator('dt').getByText(name, { exact: true }),
      })
      const shown = await row.locator('dd').evaluate((e) => e.textContent)
      assert.equal(shown, words, label)
    }
    assert((await story.evaluate((e) => e.textContent))?.includes(SHORT))
    for (const id of [visit, item]) {
      await show(morwenna, `record/${id}`)
      assert.deepEqual(await harm(page), NO_HARM)
    }
    for (const place of CONSOLE) {
      await show(morwenna, place)
      assert.deepEqual(await harm(page), NO_HARM, place)
    }
  })

  test('no window is named by what somebody wrote', async () => {
    await show(morwenna, `record/${item}`)
    await until(
      async () => (await morwenna.page.title()) === 'Evidence – Tidemark',
      'the kind of the record',
    )
  })

  test('these checks see what is planted for them', async () => {
    const { page } = tamsin
    await show(tamsin, '')
    await page.evaluate(() => {
      const main = document.querySelector('main')
      const planted = document.createElement('button')
      planted.id = 'planted'
      planted.style.setProperty('width', '3000px')
      planted.append(
        document.createElement('img'),
        document.createElement('script'),
      )
      main?.append(planted)
    })
    assert.equal((await harm(page)).made, 1)
    assert.notEqual(await tooWide(page), 0)
    assert.match(String(await tooSmall(page)), /3000/)
    assert.match(String(await axe(page)), /image-alt/)
    await page.evaluate(() => document.querySelector('#planted')?.remove())
  })

  test('axe finds nothing serious on the tablet', async () => {
    for (const place of places) {
      await show(tamsin, place)
      assert.deepEqual(await axe(tamsin.page), [], place)
    }
  })

  test('axe finds nothing serious in the console', async () => {
    for (const place of [...CONSOLE, `record/${visit}`]) {
      await show(morwenna, place)
      assert.deepEqual(await axe(morwenna.page), [], place)
    }
  })

  for (const [name, size] of Object.entries({ LANDSCAPE, PORTRAIT })) {
    test(`${name.toLowerCase()}: fits, and fingers find the buttons`, async () => {
      const { page } = tamsin
      await page.setViewportSize(size)
      /** @type {Record<string, unknown>} */ const wrong = {}
      for (const place of places) {
        await show(tamsin, place)
        const [wide, small] = [await tooWide(page), await tooSmall(page)]
        if (wide || small.length) wrong[place] = { wide, small }
      }
      assert.deepEqual(wrong, {})
    })
  }

  test('the console fits a computer’s screen', async () => {
    for (const place of [...CONSOLE, `record/${visit}`]) {
      await show(morwenna, place)
      assert.equal(await tooWide(morwenna.page), 0, place)
    }
  })

  test('nothing was refused by the policy, and nothing failed', async () => {
    assert.deepEqual(await tamsin.faults(), [])
    assert.deepEqual(await morwenna.faults(), [])
  })
})
