// @ts-check
/* The first minutes with a tablet: its code, in words that a teacher
 * understands when it does not work, and whether the browser keeps its
 * storage. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { tidemark, until } from '../server.js'
import { setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */

const DAY_MS = 86_400_000
const BAD_CODE =
  'That code did not work.\n\n' +
  'Codes can be used once, and they run out. Check it, or ask the central ' +
  'team for a new one.'
const NO_NETWORK =
  'We could not reach the trust.\n\n' +
  'Setting up needs the internet once. Check the Wi-Fi, then try again.'
const MAY_BE_CLEARED = 'This browser may clear its storage after a week.'

/** The browser answers that it keeps the storage, or does not. */
const answers = {
  yes: () => {
    StorageManager.prototype.persisted = async () => false
    StorageManager.prototype.persist = async () => true
  },
  no: () => {
    StorageManager.prototype.persisted = async () => false
    StorageManager.prototype.persist = async () => false
  },
}

/** @param {Actor} actor @param {string} code */
async function offer({ page }, code) {
  await page.getByLabel('Your code').fill(code)
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** On a page that has said nothing yet. @param {Actor} actor
 * @param {string} words */
async function isTold({ page }, words) {
  assert.equal(await page.getByRole('alert').innerText(), words)
  // And may try again: the box has the focus, and what was typed.
  const box = page.getByLabel('Your code')
  assert.equal(await box.getAttribute('aria-invalid'), 'true')
  assert(await box.evaluate((element) => element === document.activeElement))
}

describe('setting up', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let actor
  let clock = ''

  before(async () => {
    stage = await setStage({
      prepare: ({ folder, data }) => {
        for (const code of ['ONCE-ONLY', 'FOR-A-DAY']) {
          const who = ['--data', data, '--person', 'Tamsin Trevarrow']
          const how = ['--days', '1', '--uses', '1', '--code', code]
          const made = tidemark('device', 'code', ...who, ...how)
          assert.equal(made.code, 0, made.err)
        }
        clock = path.join(folder, 'clock')
        fs.writeFileSync(clock, String(Date.now()))
        return ['--clock', clock]
      },
    })
    actor = await stage.enter('TAMSIN', { enrol: false, before: answers.no })
    await actor.page.getByLabel('Your code').waitFor()
  })
  after(() => stage?.strike())

  test('no code, a wrong one, none that anybody has', async () => {
    for (const code of [
      '',
      '   ',
      'DEMO-TAMSON',
      '👩🏽‍🏫',
      '<b>x</b>',
      'x'.repeat(300),
    ]) {
      await actor.page.reload()
      await offer(actor, code)
      await isTold(actor, BAD_CODE)
    }
  })

  test('a used one', async () => {
    const other = await stage.enter('JORY', { enrol: false })
    await offer(other, 'once-only ') // as somebody may type it
    await other.page.locator('.rail').waitFor()
    await other.context.close()
    await actor.page.reload()
    await offer(actor, 'ONCE-ONLY')
    await isTold(actor, BAD_CODE)
  })

  test('an expired one', async () => {
    fs.writeFileSync(clock, String(Date.now() + 2 * DAY_MS))
    await actor.page.reload()
    await offer(actor, 'FOR-A-DAY')
    await isTold(actor, BAD_CODE)
    fs.writeFileSync(clock, String(Date.now()))
  })

  test('no network, and then one', async () => {
    await actor.ready()
    await actor.page.reload() // the service worker answers
    await stage.stop()
    await offer(actor, 'DEMO-TAMSIN')
    await isTold(actor, NO_NETWORK)
    await stage.start()
    await offer(actor, 'DEMO-TAMSIN')
    await actor.page.locator('.rail').waitFor()
    await until(async () => (await actor.pill()) === 'All work sent', 'sent')
  })

  test('a code in a link is gone from the address at once', async () => {
    const helen = await stage.enter('HELEN', { before: answers.yes })
    assert.equal(helen.page.url(), helen.home)
    await until(async () => (await helen.pill()) === 'All work sent', 'sent')
    assert.equal(await helen.page.getByText(MAY_BE_CLEARED).count(), 0)
    await helen.go('this-device')
    await helen.page.getByText('Kept until you remove it').waitFor()
    assert.deepEqual(await helen.faults(), [])
    await helen.context.close()
  })

  test('a browser that may clear its storage is told of', async () => {
    await actor.page.getByText(MAY_BE_CLEARED).waitFor()
    await actor.go('this-device')
    await actor.page
      .getByText('The browser may clear it after a week without use')
      .waitFor()
    assert.deepEqual(await actor.faults(), [])
  })
})
