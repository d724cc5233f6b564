import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as format from '../ui/format.js'
import { linkWords, waitingItems } from '../ui/link-words.js'
import { parse, to } from '../ui/route.js'

const NOW = '2026-11-24'

test('dates read as people say them', () => {
  assert.equal(format.longDate(NOW), 'Tuesday 24 November')
  assert.equal(format.nearDate(NOW, NOW), 'today')
  assert.equal(format.nearDate('2026-11-23', NOW), 'yesterday')
  assert.equal(format.nearDate('2026-11-26', NOW), 'Thursday')
  assert.equal(format.nearDate('2026-11-12', NOW), '12 days ago')
  assert.equal(format.nearDate('2026-11-03', NOW), '3 weeks ago')
  assert.equal(format.nearDate('2027-01-12', NOW), '12 January 2027')
  assert.equal(format.endOfWeek(NOW), '2026-11-29')
  assert.equal(format.endOfWeek('2026-11-29'), '2026-11-29')
})

test('a late action says how late', () => {
  assert.equal(format.dueWords('2026-11-25', NOW), 'tomorrow')
  assert.equal(format.dueWords('2026-11-20', NOW), '4 days late')
  assert.equal(format.dueWords('2026-11-01', NOW), '3 weeks late')
  assert.equal(format.dueWords('2026-02-06', NOW), 'due 6 February')
})

test('counts have their words', () => {
  assert.equal(format.count(1, 'note'), '1 note')
  assert.equal(format.count(0, 'note'), 'no notes')
  assert.equal(format.count(3, 'person', 'people'), '3 people')
})

test('the first line is cut at a word', () => {
  assert.equal(format.firstLine('one two three', 8), 'one two…')
  assert.equal(format.firstLine('short\nmore'), 'short')
})

const ONLINE = { link: 'online', pending: 0, upToDate: true }

test('“All work sent” is said only when it is true', () => {
  assert.equal(linkWords(ONLINE, 0).words, 'All work sent')
  const others = [
    linkWords({ ...ONLINE, upToDate: false }, 0),
    linkWords({ ...ONLINE, pending: 1 }, 1),
    linkWords({ ...ONLINE, link: 'offline' }, 0),
    linkWords({ ...ONLINE, link: 'connecting' }, 0),
    linkWords({ ...ONLINE, link: 'portal' }, 0),
    linkWords(ONLINE, 0, false),
  ]
  for (const { words, tone } of others) {
    assert.doesNotMatch(words, /All work sent/)
    assert.notEqual(tone, 'done')
  }
})

test('being offline never alarms; words that are not kept do', () => {
  const offline = linkWords({ link: 'offline', pending: 3 }, 3)
  assert.deepEqual(offline, {
    tone: 'ring',
    words: 'Offline. 3 items safe on this tablet',
  })
  assert.equal(
    linkWords({ link: 'offline', pending: 3 }, 3, false).tone,
    'alarm',
  )
})

test('a piece of work that waits twice is one item', () => {
  const tm = {
    waiting: () => [
      { at: 1, records: ['a'], sending: true },
      { at: 2, records: ['a', 'b'], sending: false },
    ],
  }
  assert.deepEqual(waitingItems(tm), [
    { id: 'a', at: 1, sending: true },
    { id: 'b', at: 2, sending: false },
  ])
})

test('an address survives its way', () => {
  assert.deepEqual(parse(to('visit', 'a b', 'evidence', 'x/y')), [
    'visit',
    'a b',
    'evidence',
    'x/y',
  ])
  assert.deepEqual(parse('#enrol=CODE'), [])
})
