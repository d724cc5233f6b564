// @ts-check
/**
 * The stage for tests in a browser: the real server with the built faces, and
 * people who each have a browser with a folder of its own, so that a reload
 * without a network goes through the service worker, as on a tablet.
 *
 *     const stage = await setStage()
 *     const tamsin = await stage.enter('TAMSIN')            // the tablet app
 *     const morwenna = await stage.enter('MORWENNA', { face: 'console' })
 *     await stage.stop(); await stage.start()               // same port, data
 *     tamsin.faults()                   // [] unless the page did wrong
 *     await stage.strike()              // everything ends
 *
 * The faces are those of client-js/dist (`npm run build`), or the folder that
 * TIDEMARK_FACES names; they are copied first, so that a build meanwhile does
 * no harm. The browser is Debian's, or the one that CHROMIUM names. After a
 * failure TIDEMARK_SHOTS names a folder for pictures of all pages.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { makeFolder, makeTrust, removeTrust, startServer } from '../server.js'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

const BROWSER = process.env.CHROMIUM || '/usr/bin/chromium'
const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const ENTER_MS = 20000
const STEP_MS = 10000

export const skip = fs.existsSync(BROWSER)
  ? false
  : 'chromium is not installed: apt-get install chromium'

export const LANDSCAPE = { width: 1180, height: 820 }
export const PORTRAIT = { width: 820, height: 1180 }

/** A copy of the built faces, that a test may alter. @returns {string} */
export function copyFaces() {
  const from = process.env.TIDEMARK_FACES || DIST
  const built = fs.existsSync(path.join(from, 'index.html'))
  assert(built, 'the faces have not been built: npm run build')
  const folder = path.join(makeFolder(), 'faces')
  fs.cpSync(from, folder, { recursive: true })
  return folder
}

/** Runs in every page, before its own scripts. */
function watchPolicy() {
  const all = /** @type {any} */ (globalThis)
  all.refused = []
  addEventListener('securitypolicyviolation', (event) =>
    all.refused.push(`${event.violatedDirective}: ${event.blockedURI}`),
  )
}

/**
 * What a page does wrong: errors that nobody caught, and whatever its content
 * security policy refused. That the network is away is not wrong.
 * @param {BrowserContext} context
 */
function watchFaults(context) {
  /** @type {string[]} */ const faults = []
  /** @param {Page} page */
  const watch = (page) => {
    page.on('pageerror', (error) => faults.push(String(error.stack ?? error)))
    page.on('console', (line) => {
      const text = line.text()
      const isNetwork = /net::ERR_|WebSocket connection|fetch script/.test(text)
      if (line.type() === 'error' && !isNetwork) faults.push(text)
    })
  }
  context.pages().forEach(watch)
  context.on('page', watch)
  return faults
}

/**
 * @typedef {object} EnterOptions
 * @property {'tablet' | 'console'} [face]
 * @property {{ width: number, height: number }} [viewport]
 * @property {() => void} [before]  runs in the page before its own scripts
 * @property {boolean} [enrol]      false: open the app, with no code
 * @property {string} [folder]      the browser's, of one that has been closed
 */

/** A browser of one person's own. @param {EnterOptions} options */
async function openBrowser({ viewport = LANDSCAPE, before, folder }) {
  const context = await chromium.launchPersistentContext(String(folder), {
    executablePath: BROWSER,
    args: ['--no-sandbox', '--lang=en-GB'],
    env: /** @type {Record<string, string>} */ ({
      ...process.env,
      LANGUAGE: 'en_GB',
      LANG: 'en_GB.UTF-8',
    }),
    locale: 'en-GB',
    viewport,
  })
  context.setDefaultTimeout(STEP_MS)
  await context.addInitScript(watchPolicy)
  if (before) await context.addInitScript(before)
  return context
}

/** @param {string} base @param {string} name as in the code: 'TAMSIN'
 * @param {EnterOptions} options */
async function enter(base, name, options) {
  const folder = options.folder ?? makeFolder()
  const context = await openBrowser({ ...options, folder })
  const faults = watchFaults(context)
  const page = context.pages()[0] ?? (await context.newPage())
  const isConsole = options.face === 'console'
  const home = `${base}${isConsole ? '/console/' : '/'}`
  if (options.enrol === false) {
    await page.goto(home)
  } else {
    await page.goto(`${home}#enrol=DEMO-${name}`)
    await page.waitForSelector('.rail', { timeout: ENTER_MS })
  }
  const actor = {
    name,
    page,
    context,
    folder,
    home,
    /** By the address within the app: 'visit/ID'. @param {string} place */
    go: async (place, on = page) => {
      await on.evaluate((hash) => {
        location.hash = hash
      }, `#/${place}`)
    },
    pill: (on = page) => on.locator('a.pill').innerText(),
    /** The service worker has the build, and answers for the server. */
    ready: () =>
      page.evaluate(() => navigator.serviceWorker.ready.then(() => {})),
    faults: async () => {
      for (const each of context.pages()) {
        const refused = await each.evaluate(
          () => /** @type {any} */ (globalThis).refused,
        )
        faults.push(...refused.map((/** @type {string} */ r) => `policy: ${r}`))
      }
      return faults
    },
  }
  return actor
}

/** @typedef {Awaited<ReturnType<typeof enter>>} Actor */

/** @param {Map<string, Actor>} actors */
async function takePictures(actors) {
  const folder = process.env.TIDEMARK_SHOTS
  if (!folder) return
  fs.mkdirSync(folder, { recursive: true })
  for (const [name, { context }] of actors) {
    for (const [i, page] of context.pages().entries()) {
      const file = path.join(folder, `${name}-${i}.png`)
      await page.screenshot({ path: file }).catch(() => {})
    }
  }
}

/**
 * @typedef {object} StageOptions
 * @property {(trust: import('../server.js').Trust) => readonly string[]} [prepare]
 *   does something to the store before the server has it; more arguments of it
 */

/** @param {StageOptions} [options] */
export async function setStage({ prepare = () => [] } = {}) {
  const trust = makeTrust()
  const more = prepare(trust)
  const faces = copyFaces()
  let server = await startServer(trust, { args: ['--files', faces, ...more] })
  const { url, port } = server
  let isUp = true
  /** @type {Map<string, Actor>} */ const actors = new Map()

  const end = async (/** @type {() => Promise<unknown>} */ how) => {
    if (!isUp) return
    isUp = false
    await how()
  }
  return {
    trust,
    url,
    faces,
    /** @param {string} name @param {EnterOptions} [options] */
    enter: async (name, options = {}) => {
      const actor = await enter(url, name, options)
      actors.set(`${name}-${actors.size}`, actor)
      return actor
    },
    stop: () => end(() => server.stop()),
    kill: () => end(() => server.kill()),
    /** Again, on the same port and data. @param {string} [files] */
    start: async (files = faces) => {
      server = await startServer(trust, {
        port,
        args: ['--files', files, ...more],
      })
      isUp = true
    },
    log: () => server.log(),
    pictures: () => takePictures(actors),
    strike: async () => {
      await takePictures(actors)
      for (const { context } of actors.values()) await context.close()
      await end(() => server.stop())
      removeTrust(trust)
    },
  }
}

/** @typedef {Awaited<ReturnType<typeof setStage>>} Stage */

/** The caret behind these words of the box; the box has the focus then.
 * @param {import('playwright-core').Locator} box @param {string} words */
export async function caretAfter(box, words) {
  await box.focus()
  await box.evaluate((element, after) => {
    const field = /** @type {HTMLTextAreaElement} */ (element)
    const at = field.value.indexOf(after)
    if (at < 0) throw new Error(`not in the box: ${after}`)
    field.setSelectionRange(at + after.length, at + after.length)
  }, words)
}

/** These words of the box are chosen, as by a double tap.
 * @param {import('playwright-core').Locator} box @param {string} words */
export async function choose(box, words) {
  await caretAfter(box, words)
  await box.evaluate((element, chosen) => {
    const field = /** @type {HTMLTextAreaElement} */ (element)
    const to = field.selectionEnd
    field.setSelectionRange(to - chosen.length, to)
  }, words)
}
