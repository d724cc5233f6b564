// @ts-check
/* The service worker: the app opens though there is no server any more, takes
 * a build whole or not at all, and a new one only when the person says so. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from '../server.js'
import { copyFaces, setStage, skip } from './stage.js'

/** @typedef {import('./stage.js').Actor} Actor */

const WORDS = 'Typed a moment before the new version'

/** The server then sends the file itself, not an older compressed one.
 * @param {string} file @param {string} text */
function rewrite(file, text) {
  fs.writeFileSync(file, text)
  fs.rmSync(`${file}.br`, { force: true })
  fs.rmSync(`${file}.gz`, { force: true })
}

/** @param {string} text */
const digestOf = (text) =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`

/**
 * The same faces as another build: its pages say `name`.
 * @param {string} name
 * @param {{ isAltered?: boolean }} [how] altered on the way: a file is not
 *   what the service worker's list says
 */
function buildOf(name, { isAltered = false } = {}) {
  const faces = copyFaces()
  const at = (/** @type {string} */ file) => path.join(faces, file)
  const read = (/** @type {string} */ file) => fs.readFileSync(at(file), 'utf8')
  const assets = fs.readdirSync(at('assets'))
  const old = assets.find((file) => /^tablet-\w+\.js$/.test(file)) ?? ''
  const next = `tablet-${name}.js`
  const script = read(`assets/${old}`)
  const text = `${script}\n;globalThis.build=${JSON.stringify(name)};`
  const page = read('index.html')
  const pageText = page.replaceAll(old, next)
  rewrite(at(`assets/${next}`), text)
  rewrite(at('index.html'), pageText)
  const listed = isAltered ? text.replace(name, `${name}!`) : text
  const list = read('sw.js')
  assert(list.includes(digestOf(script)) && list.includes(digestOf(page)))
  const version = `const VERSION = ${JSON.stringify(name)}`
  rewrite(
    at('sw.js'),
    list
      .replace(/^const VERSION = .*$/m, version)
      .replace(old, next)
      .replace(digestOf(script), digestOf(listed))
      .replace(digestOf(page), digestOf(pageText)),
  )
  return faces
}

/** @param {Actor} actor */
const buildShown = ({ page }) =>
  page.evaluate(() => /** @type {any} */ (globalThis).build)

/** As when a tablet wakes: the app looks for a new build. @param {Actor} actor */
const wake = ({ page }) =>
  page.evaluate(() => {
    document.dispatchEvent(new Event('visibilitychange'))
  })

/** What becomes of the build that the server has now. @param {Actor} actor
 * @returns {Promise<string>} the new worker's state once it is not installing */
const takeUp = ({ page }) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    const settled = new Promise((resolve) =>
      registration.addEventListener('updatefound', () => {
        const worker = registration.installing
        worker?.addEventListener('statechange', () => resolve(worker.state))
      }),
    )
    await registration.update()
    return /** @type {Promise<string>} */ (settled)
  })

/** Addresses in Cache Storage, by cache. @param {Actor} actor
 * @returns {Promise<Record<string, string[]>>} */
const cached = ({ page }) =>
  page.evaluate(async () => {
    /** @type {Record<string, string[]>} */ const all = {}
    for (const name of await caches.keys()) {
      const requests = await (await caches.open(name)).keys()
      all[name] = requests.map(({ url }) => new URL(url).pathname)
    }
    return all
  })

/** @param {Actor} actor */
const offer = ({ page }) => page.getByRole('button', { name: 'Use it now' })

/** @param {Actor} actor */
async function openVisit(actor) {
  await actor.go('visits')
  await actor.page.locator('.list a.main').first().click()
  const box = actor.page.getByLabel('Support offered', { exact: true })
  await box.waitFor()
  return box
}

describe('the service worker', { skip }, () => {
  /** @type {import('./stage.js').Stage} */ let stage
  /** @type {Actor} */ let tamsin

  before(async () => {
    stage = await setStage()
    tamsin = await stage.enter('TAMSIN')
    await tamsin.ready()
    await until(async () => (await tamsin.pill()) === 'All work sent', 'sent')
  })
  after(() => stage?.strike())

  test('nothing of a conversation is kept in a cache', async () => {
    const caches = Object.values(await cached(tamsin))
    assert.equal(caches.length, 1)
    assert(caches[0].includes('/index.html'))
    assert(caches[0].includes('/console/index.html'))
    const others = caches[0].filter(
      (url) => !/^\/(assets|icons|console)\/|^\/(index|manifest)/.test(url),
    )
    assert.deepEqual(others, [])
  })

  test('a new build is offered, and taken only by a tap', async () => {
    await stage.stop()
    await stage.start(buildOf('second'))
    await wake(tamsin)
    await offer(tamsin).waitFor()
    assert.equal(await buildShown(tamsin), undefined)

    await tamsin.page.reload()
    await offer(tamsin).waitFor()
    assert.equal(await buildShown(tamsin), undefined, 'it came unasked')
  })

  test('what was being typed is there after the change', async () => {
    const box = await openVisit(tamsin)
    await box.focus()
    await tamsin.page.keyboard.insertText(WORDS)
    await offer(tamsin).click()
    await until(
      async () => (await buildShown(tamsin).catch(() => '')) === 'second',
      'the second build runs',
    )
    await box.waitFor()
    assert.equal(await box.inputValue(), WORDS)
    assert.equal(await offer(tamsin).count(), 0)
    await until(async () => (await tamsin.pill()) === 'All work sent', 'sent')
    const names = Object.keys(await cached(tamsin))
    assert(names.includes('tidemark-second'), String(names))
  })

  test('a build that was altered on the way is refused whole', async () => {
    await stage.stop()
    await stage.start(buildOf('third', { isAltered: true }))
    assert.equal(await takeUp(tamsin), 'redundant')
    assert.equal(await offer(tamsin).count(), 0)
    await tamsin.page.reload()
    await tamsin.page.locator('a.pill').waitFor()
    assert.equal(await buildShown(tamsin), 'second')
    const names = Object.keys(await cached(tamsin))
    assert(!names.includes('tidemark-third'), String(names))
  })

  test('the browser starts, and there is no server any more', async () => {
    await tamsin.context.close()
    await stage.kill()
    const again = await stage.enter('TAMSIN', {
      folder: tamsin.folder,
      enrol: false,
    })
    assert.equal(await (await openVisit(again)).inputValue(), WORDS)
    assert.match(await again.pill(), /^Offline\. /)
    assert.equal(await buildShown(again), 'second')
    assert.deepEqual(await again.faults(), [])
  })

  test('a first visit never keeps an altered build', async () => {
    await stage.start(buildOf('fourth', { isAltered: true }))
    const jory = await stage.enter('JORY', { enrol: false })
    await jory.page.getByLabel('Your code').waitFor()
    await until(
      async () =>
        !(await jory.page.evaluate(async () => {
          const registration = await navigator.serviceWorker.getRegistration()
          return Boolean(registration)
        })),
      'the worker is given up',
    )
    assert.deepEqual(await cached(jory), {})
  })
})
