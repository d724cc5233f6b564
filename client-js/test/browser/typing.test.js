// @ts-check
/* Others' words arrive in the box that somebody types in; and one tablet has
 * the app open twice. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { device, pause, until } from '../server.js'
import { caretAfter, choose, setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */
/** @typedef {import('playwright-core').Page} Page */

const FIELD = 'findings'
const LABEL = 'What we found'
const START = 'First there was this. In the middle it stands. Last came that.'
const TYPED = ' Here somebody types without a pause – über 👩🏽‍🏫 words, “quoted”.'
const KEY_MS = 12

/** @param {Page} page */
const boxOf = (page) => page.getByLabel(LABEL, { exact: true })

/** @param {Page} page @returns {Promise<[string, string]>} what stands before
 *   the caret, and behind it */
const caret = (page) =>
  boxOf(page).evaluate((element) => {
    const box = /** @type {HTMLTextAreaElement} */ (element)
    const { value, selectionStart, selectionEnd } = box
    return [value.slice(0, selectionStart), value.slice(selectionEnd)]
  })

/** @param {Page} page @param {(text: string) => boolean} holds
 * @param {string} what */
const says = (page, holds, what) =>
  until(async () => holds(await boxOf(page).inputValue()), what)

/** @param {Page} page @param {string} words */
const endsWith = (page, words) =>
  says(page, (text) => text.endsWith(words), `the box ends with ${words}`)

describe('typing together', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin
  /** @type {Awaited<ReturnType<typeof device>>} */ let helen
  let visit = ''

  const helenSees = () => helen.get(visit)?.fields[FIELD] ?? ''
  /** @param {(text: string) => string} edit */
  const helenWrites = (edit) =>
    helen.change((c) => c.text(visit, FIELD, edit(helenSees())))

  before(async () => {
    stage = await setStage()
    helen = await device(stage.url, 'HELEN')
    tamsin = await stage.enter('TAMSIN')
    await tamsin.go('schools')
    await tamsin.page.locator('a.school').first().click()
    await tamsin.page.getByRole('button', { name: 'New visit' }).click()
    await boxOf(tamsin.page).fill(START)
    visit = tamsin.page.url().split('/').at(-1) ?? ''
    await until(() => helenSees() === START, 'it has reached Helen')
  })
  after(async () => {
    await helen?.close()
    await stage?.strike()
  })

  test('nothing is lost on either side, and the caret stays', async () => {
    const { page } = tamsin
    await caretAfter(boxOf(page), 'it stands.')
    let isTyping = true
    let count = 0
    const others = (async () => {
      while (isTyping) {
        const n = ++count
        const edit = (/** @type {string} */ text) =>
          n % 2 ? `(${n}) ${text}` : `${text} (${n})`
        await helenWrites(edit)
        await pause(60)
      }
    })()
    await page.keyboard.type(TYPED, { delay: KEY_MS })
    await page.keyboard.type(TYPED, { delay: KEY_MS })
    isTyping = false
    await others
    assert(count > 8, `only ${count} others`)
    let before = ''
    let behind = ''
    for (let n = 1; n <= count; n++) {
      if (n % 2) before = `(${n}) ${before}`
      else behind += ` (${n})`
    }
    const left = `${before}First there was this. In the middle it stands.${TYPED}${TYPED}`
    const right = ` Last came that.${behind}`
    await until(() => helenSees() === left + right, 'Helen has all')
    await says(page, (text) => text === left + right, 'the box has all')
    assert.deepEqual(await caret(page), [left, right])
  })

  test('what is chosen stays chosen', async () => {
    const { page } = tamsin
    await choose(boxOf(page), 'Last came that')
    await helenWrites((text) => `Above all: ${text} And that was it.`)
    await endsWith(page, 'And that was it.')
    await page.keyboard.type('Last was this')
    await until(
      () => /^Above all: .*\. Last was this\. .*was it\.$/s.test(helenSees()),
      'the chosen words, and no others, are replaced',
    )
  })

  test('no key is eaten while a save is on its way', async () => {
    const { page } = tamsin
    await caretAfter(boxOf(page), 'And that was it.')
    const digits = Array.from({ length: 120 }, (_, i) => i % 10).join('')
    await page.keyboard.type(digits, { delay: 25 }) // longer than a burst
    await until(() => helenSees().endsWith(digits), 'Helen has each digit')
    assert((await boxOf(page).inputValue()).endsWith(digits))
  })

  test('two tabs are one tablet: one talks, both show', async () => {
    const first = tamsin.page
    const second = await tamsin.context.newPage()
    let sockets = 0
    second.on('websocket', () => sockets++)
    await second.goto(first.url())
    await says(second, (text) => text.includes('Above all'), 'the second tab')
    const locks = await second.evaluate(() => navigator.locks.query())
    assert.equal(locks.held?.length, 1)
    assert.equal(locks.pending?.length, 1)

    await boxOf(second).fill('Of the second tab.')
    await says(first, (text) => text === 'Of the second tab.', 'first tab')
    await until(() => helenSees() === 'Of the second tab.', 'Helen')
    await caretAfter(boxOf(first), 'tab.')
    await first.keyboard.type(' Then the first.')
    await endsWith(second, 'Then the first.')
    await helenWrites((text) => `${text} Helen to both.`)
    await endsWith(first, 'Helen to both.')
    await endsWith(second, 'Helen to both.')
    assert.equal(await tamsin.pill(second), 'All work sent')
    assert.equal(sockets, 0, 'the second tab has a connection of its own')

    await first.close()
    await until(() => sockets === 1, 'the second tab takes over')
    await caretAfter(boxOf(second), 'to both.')
    await second.keyboard.type(' The last tab goes on.')
    await until(() => helenSees().endsWith('goes on.'), 'Helen has it')
    await helenWrites((text) => `${text} Good.`)
    await endsWith(second, 'Good.')
  })

  test('no page did anything wrong', async () => {
    assert.deepEqual(await tamsin.faults(), [])
  })
})
