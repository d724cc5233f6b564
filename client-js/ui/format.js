// @ts-check
/**
 * How dates, times and counts read on the screens. British English, by Intl;
 * every function that depends on today takes it, so that tests can say it.
 */
const LOCALE = 'en-GB'
const DAY_MS = 86_400_000

/** @param {Intl.DateTimeFormatOptions} options */
const dates = (options) => new Intl.DateTimeFormat(LOCALE, options)
const WEEKDAY = dates({ weekday: 'long' })
const LONG = dates({ weekday: 'long', day: 'numeric', month: 'long' })
const DAY_MONTH = dates({ day: 'numeric', month: 'long' })
const DAY_MONTH_YEAR = dates({ day: 'numeric', month: 'long', year: 'numeric' })
const SHORT = dates({ day: 'numeric', month: 'short' })
const SHORT_YEAR = dates({ day: 'numeric', month: 'short', year: 'numeric' })
const CLOCK = dates({ hour: 'numeric', minute: '2-digit' })
const LIST = new Intl.ListFormat(LOCALE, { type: 'conjunction' })

/** The date of a moment where the reader is, `YYYY-MM-DD`. */
export function dateOf(moment = new Date()) {
  const part = (/** @type {number} */ n) => String(n).padStart(2, '0')
  return [
    moment.getFullYear(),
    part(moment.getMonth() + 1),
    part(moment.getDate()),
  ].join('-')
}

export const today = () => dateOf(new Date())

/** Noon of that date: no change of the clocks can move it to another day.
 * @param {string} date `YYYY-MM-DD` */
export const noon = (date) => new Date(`${date}T12:00:00`)

/** Days from one date to another. @param {string} from @param {string} to */
export const daysBetween = (from, to) =>
  Math.round((noon(to).getTime() - noon(from).getTime()) / DAY_MS)

/** @param {string} date @param {number} days */
export const addDays = (date, days) =>
  dateOf(new Date(noon(date).getTime() + days * DAY_MS))

/** The Sunday that ends the week of a date. @param {string} date */
export const endOfWeek = (date) => addDays(date, (7 - noon(date).getDay()) % 7)

/** @param {string} a @param {string} b */
const sameYear = (a, b) => a.slice(0, 4) === b.slice(0, 4)

/** “Tuesday 24 November”. @param {string} date */
export const longDate = (date) => LONG.format(noon(date)).replace(',', '')

/** “24 November”, with the year when it is another. @param {string} date */
export const plainDate = (date, now = today()) =>
  (sameYear(date, now) ? DAY_MONTH : DAY_MONTH_YEAR).format(noon(date))

/** “24 Nov”, with the year when it is another. @param {string} date */
export const shortDate = (date, now = today()) =>
  (sameYear(date, now) ? SHORT : SHORT_YEAR).format(noon(date))

/** “today”, “Thursday”, “12 days ago”, “3 weeks ago”. @param {string} date */
export function nearDate(date, now = today()) {
  const days = daysBetween(now, date)
  if (days === 0) return 'today'
  if (days === 1) return 'tomorrow'
  if (days === -1) return 'yesterday'
  if (days > 1 && days < 7) return WEEKDAY.format(noon(date))
  if (days >= 7) return plainDate(date, now)
  if (days > -14) return `${-days} days ago`
  if (days > -60) return `${Math.round(-days / 7)} weeks ago`
  if (days > -365) return `${Math.round(-days / 30.4)} months ago`
  return plainDate(date, now)
}

/** How long an action is late, or when it is due. @param {string} date */
export function dueWords(date, now = today()) {
  const days = daysBetween(now, date)
  if (days >= 0) return nearDate(date, now)
  if (days > -14) return `${count(-days, 'day')} late`
  if (days > -60) return `${count(Math.round(-days / 7), 'week')} late`
  return `due ${plainDate(date, now)}`
}

/** “9:52”. @param {number} at milliseconds */
export const clock = (at) => CLOCK.format(at).replace(/^0/, '')

/** “9:52”, “yesterday, 9:52”, “14 January, 15:30”. @param {number} at */
export function moment(at, now = today()) {
  const date = dateOf(new Date(at))
  if (date === now) return clock(at)
  const days = daysBetween(date, now)
  if (days === 1) return `yesterday, ${clock(at)}`
  return `${plainDate(date, now)}, ${clock(at)}`
}

/** “3 notes”, “1 note”, “no notes”. @param {number} n @param {string} one */
export function count(n, one, many = `${one}s`) {
  if (n === 0) return `no ${many}`
  return `${n.toLocaleString(LOCALE)} ${n === 1 ? one : many}`
}

/** “4 min”, “3 h”, “4 days”: how long ago. @param {number} ms */
export function howLong(ms) {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes} min`
  if (minutes < 36 * 60) return `${Math.round(minutes / 60)} h`
  const days = Math.round(minutes / 1440)
  if (days < 14) return `${days} days`
  if (days < 60) return `${Math.round(days / 7)} weeks`
  return `${Math.round(days / 30.4)} months`
}

/** @param {readonly string[]} words */
export const listed = (words) => LIST.format(words)

/** @param {number} hour */
export function greeting(hour) {
  if (hour < 12) return 'Good morning'
  return hour < 18 ? 'Good afternoon' : 'Good evening'
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)

/** @param {string} name */
export const firstName = (name) => name.trim().split(/\s+/)[0] ?? ''

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const first = words[0]?.[0] ?? '?'
  return words.length > 1 ? first + words[words.length - 1][0] : first
}

/** The first line of a text, cut at a word. @param {string} text */
export function firstLine(text, max = 70) {
  const line = text.trim().split('\n')[0] ?? ''
  if (line.length <= max) return line
  const cut = line.slice(0, max)
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), max / 2))}…`
}
