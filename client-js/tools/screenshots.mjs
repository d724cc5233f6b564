#!/usr/bin/env node
/**
 * Takes pictures of both faces against a running server, in Debian's Chromium.
 *
 *     node tools/screenshots.mjs --url U --out FOLDER [--only NAME]
 *         --tablet-code CODE --console-code CODE [--today 2026-03-10T09:40]
 *     node tools/screenshots.mjs --url U --out FOLDER --preview [--as tamsin]
 *
 * The codes are enrolment codes of `tidemark device`; --today sets the
 * browser's date, so that sample content is of this week. Each face is opened
 * once, and kept for all its pictures. Violations of the content security
 * policy, errors of the page and findings of axe make the exit code 1.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values: asked } = parseArgs({
  options: {
    url: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string' },
    as: { type: 'string', default: 'tamsin' },
    preview: { type: 'boolean', default: false },
    'tablet-code': { type: 'string' },
    'console-code': { type: 'string' },
    today: { type: 'string' },
  },
})

const LANDSCAPE = { width: 1180, height: 820 }
const PORTRAIT = { width: 820, height: 1180 }
const DESKTOP = { width: 1440, height: 900 }

/** Follows the first link whose words match. */
const follow = (selector) => async (page) => {
  await page.locator(selector).first().click()
}
const at =
  (...steps) =>
  async (page) => {
    for (const step of steps) {
      await step(page)
      await page.waitForTimeout(150)
    }
  }
const home = (page) =>
  page.evaluate(() => {
    location.hash = '#/'
  })

const TABLET_PICTURES = [
  ['today', home],
  ['visit', at(home, follow('.visit a.btn'))],
  [
    'evidence',
    at(
      home,
      follow('.rail a[href="#/visits"]'),
      follow('.list a.main:has-text("note")'),
      follow('.side li a[href*=evidence]'),
    ),
  ],
  ['schools', at(home, follow('.rail a[href="#/schools"]'))],
  ['school', at(home, follow('a.school'))],
  ['visits', at(home, follow('.rail a[href="#/visits"]'))],
  ['this-tablet', at(home, follow('.rail a[href="#/this-device"]'))],
  [
    'review',
    at(home, follow('.rail a[href="#/reviews"]'), follow('.list a.main')),
  ],
]
const CONSOLE_PICTURES = [
  ['overview', home],
  ['came-in', at(home, follow('.rail a[href="#/came-in"]'))],
  ['decide', at(home, follow('.rail a[href="#/decide"]'))],
  ['records', at(home, follow('.rail a[href="#/records"]'))],
  [
    'record',
    at(home, follow('.rail a[href="#/records"]'), follow('.list a.main')),
  ],
  ['people', at(home, follow('.rail a[href="#/people"]'))],
  ['tablets', at(home, follow('.rail a[href="#/tablets"]'))],
]

let faults = 0
const fault = (words) => {
  faults += 1
  console.error(words)
}

async function openFace(browser, face, viewport) {
  const context = await browser.newContext({ viewport, locale: 'en-GB' })
  // A headless browser never promises to keep its storage.
  await context.addInitScript(() => {
    navigator.storage.persisted = async () => true
    navigator.storage.persist = async () => true
  })
  const page = await context.newPage()
  if (asked.today) await page.clock.setFixedTime(new Date(asked.today))
  page.on('pageerror', (error) => fault(`${face}: ${error.stack ?? error}`))
  page.on('console', (line) => {
    if (line.type() === 'error') fault(`${face}: ${line.text()}`)
  })
  const path = face === 'console' ? '/console/' : '/'
  const code = asked[`${face}-code`]
  const query = asked.preview
    ? `?as=${face === 'console' ? 'morwenna' : asked.as}`
    : code
      ? `#enrol=${code}`
      : ''
  await page.goto(`${asked.url}${path}${query}`)
  await page.waitForSelector('.rail', { timeout: 20_000 })
  if (!asked.preview) await page.waitForTimeout(2500)
  return page
}

const axeSource = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
)

async function check(page, name) {
  const { violations } = await page.evaluate(`${axeSource};
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`)
  for (const { id, nodes } of violations) {
    fault(
      `${name}: axe ${id}: ${nodes
        .slice(0, 3)
        .map((n) => n.html.slice(0, 160))
        .join(' | ')}`,
    )
  }
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - innerWidth,
  )
  if (wide > 0) fault(`${name}: ${wide} px wider than the screen`)
}

async function shoot(page, face, pictures, size) {
  for (const [name, go] of pictures) {
    if (asked.only && asked.only !== name) continue
    if (name === 'review') await home(page)
    const isOn = await page.locator('.rail a[href="#/reviews"]').count()
    if (name === 'review' && !isOn) continue // this person is on no review
    try {
      await go(page)
    } catch (error) {
      fault(`${face}-${name}: ${error.message.split('\n')[0]}`)
      continue
    }
    await page.evaluate(() => document.fonts.ready)
    await page.waitForTimeout(asked.preview ? 150 : 700)
    const full = `${face}-${name}-${size}`
    await page.screenshot({ path: join(asked.out, `${full}.png`) })
    await check(page, full)
  }
}

await mkdir(asked.out, { recursive: true })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--lang=en-GB'],
  env: { ...process.env, LANGUAGE: 'en_GB', LANG: 'en_GB.UTF-8' },
})
try {
  if (asked.preview || asked['tablet-code']) {
    const tablet = await openFace(browser, 'tablet', LANDSCAPE)
    tablet.setDefaultTimeout(4000)
    await shoot(tablet, 'tablet', TABLET_PICTURES, '1180x820')
    await tablet.setViewportSize(PORTRAIT)
    await shoot(tablet, 'tablet', TABLET_PICTURES, '820x1180')
  }
  if (asked.preview || asked['console-code']) {
    const page = await openFace(browser, 'console', DESKTOP)
    page.setDefaultTimeout(4000)
    await shoot(page, 'console', CONSOLE_PICTURES, '1440x900')
  }
} finally {
  await browser.close()
}
process.exitCode = faults ? 1 : 0
