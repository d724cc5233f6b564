// @ts-check
/* What schools do to a tablet: a filter that blocks WebSockets, a Wi-Fi that
 * answers everything with its own page, a full disk, an app that is closed in
 * the middle of a word. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { device, until } from '../server.js'
import { setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */

const FIELD = 'purpose'
const PORTAL = '<!doctype html><title>Sign in</title><p>Welcome to our Wi-Fi'

/** A network that lets no WebSocket through, and a disk that can be full. */
function roughPlace() {
  const all = /** @type {any} */ (globalThis)
  all.WebSocket = class extends EventTarget {
    constructor() {
      super()
      this.readyState = 3
      setTimeout(() => {
        const close = new CloseEvent('close', { code: 1006 })
        this.onerror?.(new Event('error'))
        this.onclose?.(close)
        this.dispatchEvent(close)
      }, 20)
    }
    close() {}
    send() {}
  }
  const { put } = IDBObjectStore.prototype
  IDBObjectStore.prototype.put = function (...args) {
    if (all.isFull) throw new DOMException('full', 'QuotaExceededError')
    return put.apply(this, args)
  }
}

/** Answers everything as a hotel does. @param {number} port */
async function startPortal(port) {
  const server = http.createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(PORTAL)
  })
  await new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () => resolve(undefined)),
  )
  return async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** @param {Actor} actor @param {RegExp} words */
const pillSays = (actor, words) =>
  until(async () => words.test(await actor.pill()), String(words), 20000)

describe('rough places', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin
  /** @type {Awaited<ReturnType<typeof device>>} */ let helen
  let visit = ''
  const box = () => tamsin.page.getByLabel('Purpose', { exact: true })
  /** @param {string} words */
  const says = (words) =>
    until(async () => (await box().inputValue()) === words, words, 3000)
  const helenSees = () => helen.get(visit)?.fields[FIELD]

  before(async () => {
    stage = await setStage()
    helen = await device(stage.url, 'HELEN')
    tamsin = await stage.enter('TAMSIN', { before: roughPlace })
    await pillSays(tamsin, /^All work sent$/)
    await tamsin.ready()
    await tamsin.go('schools')
    await tamsin.page.locator('a.school').first().click()
    await tamsin.page.getByRole('button', { name: 'New visit' }).click()
    await box().waitFor()
    visit = tamsin.page.url().split('/').at(-1) ?? ''
  })
  after(async () => {
    await helen?.close()
    await stage?.strike()
  })

  test('without WebSockets, words go and come by POST', async () => {
    await box().fill('By another road.')
    await until(() => helenSees() === 'By another road.', 'Helen')
    await helen.change((c) =>
      c.text(visit, FIELD, 'By another road. And back.'),
    )
    await until(
      async () => (await box().inputValue()) === 'By another road. And back.',
      'Tamsin, while the page is open',
    )
  })

  test('the page of a Wi-Fi is never taken for the trust', async () => {
    await stage.kill()
    const stopPortal = await startPortal(Number(new URL(stage.url).port))
    try {
      await box().fill('Written in a café.')
      await pillSays(
        tamsin,
        /^This Wi-Fi wants a sign-in\. 1 item safe on this tablet$/,
      )
      await tamsin.page.reload()
      await says('Written in a café.')
    } finally {
      await stopPortal()
    }
    await stage.start()
    // The person has signed in elsewhere, and comes back.
    await tamsin.page.evaluate(() => dispatchEvent(new Event('focus')))
    await pillSays(tamsin, /^All work sent$/)
    await helen.sync({ timeout: 10000 }) // now, not at her next try
    await until(() => helenSees() === 'Written in a café.', 'Helen')
  })

  test('what cannot be kept is said, and stays on the screen', async () => {
    const { page } = tamsin
    /** @param {boolean} isFull */
    const fill = (isFull) =>
      page.evaluate((now) => {
        const all = /** @type {any} */ (globalThis)
        all.isFull = now
      }, isFull)
    await fill(true)
    await box().fill('No room for this.')
    await pillSays(tamsin, /^Not saved$/)
    const alarm = page.getByRole('alert')
    assert.match(await alarm.innerText(), /Your last words are not saved/)
    assert.equal(await box().inputValue(), 'No room for this.')
    await fill(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await pillSays(tamsin, /^All work sent$/)
    assert.equal(await alarm.count(), 0)
    await until(() => helenSees() === 'No room for this.', 'Helen')
  })

  test('closed in the middle of a word, it keeps the half', async () => {
    for (let i = 0; i < 4; i++) {
      await box().fill(`Closed at once ${i}`)
      if (i % 2) {
        await tamsin.page.reload()
      } else {
        const next = await tamsin.context.newPage()
        await tamsin.page.close({ runBeforeUnload: true })
        tamsin.page = next
        await next.goto(`${tamsin.home}#/visit/${visit}`)
      }
      await says(`Closed at once ${i}`)
      await until(() => helenSees() === `Closed at once ${i}`, 'Helen')
    }
    const left = await tamsin.page.evaluate(() => localStorage.length)
    assert.equal(left, 0)
  })

  test('no page did anything wrong', async () => {
    assert.deepEqual(await tamsin.faults(), [])
  })
})
