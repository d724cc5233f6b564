import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hunks, parts, span } from '../ui/diff.js'
import { rebase } from '../ui/rebase.js'

const BASE = 'Plans are clear. Review meetings are on time.'

/** Where `|` stands in a text, and the text without it. */
const caret = (marked) => {
  const at = marked.indexOf('|')
  return { text: marked.slice(0, at) + marked.slice(at + 1), at }
}

/** What stands in the box, caret included, once theirs has arrived. */
function shown(base, typedWithCaret, theirs) {
  const { text, at } = caret(typedWithCaret)
  const { text: out, selection } = rebase(base, text, theirs, [at, at])
  assert.equal(selection[0], selection[1])
  return `${out.slice(0, selection[0])}|${out.slice(selection[0])}`
}

test('the caret stays with the words when others write before it', () => {
  assert.equal(
    shown(
      BASE,
      `${BASE} Two were late|`,
      'Plans are clear. Teachers can explain them. Review meetings are on time.',
    ),
    'Plans are clear. Teachers can explain them. Review meetings are on time. Two were late|',
  )
})

test('the caret does not move when others write behind it', () => {
  assert.equal(
    shown(
      BASE,
      'Most p|lans are clear. Review meetings are on time.',
      `${BASE} Parents come.`,
    ),
    'Most p|lans are clear. Review meetings are on time. Parents come.',
  )
})

test('a caret that only reads moves with its place', () => {
  assert.equal(
    shown(
      BASE,
      'Plans are clear. Review| meetings are on time.',
      `In short: ${BASE}`,
    ),
    'In short: Plans are clear. Review| meetings are on time.',
  )
})

test('words that both rewrote both stand, theirs first', () => {
  assert.equal(
    shown(
      'Adaptation is inconsistent.',
      'Adaptation is strong in English|.',
      'Adaptation is too variable.',
    ),
    'Adaptation is too variable strong in English|.',
  )
})

test('two who append at the same place both keep their words', () => {
  const { text } = rebase(BASE, `${BASE} Mine.`, `${BASE} Theirs.`)
  assert.ok(text.includes('Mine.') && text.includes('Theirs.'), text)
})

test('nothing changes when both typed the same', () => {
  assert.deepEqual(rebase('a', 'a b', 'a b', [3, 3]), {
    text: 'a b',
    selection: [3, 3],
  })
})

const words = fc
  .array(fc.constantFrom('the ', 'plan ', 'was ', 'seen. ', 'é', '😀 ', 'x'), {
    maxLength: 14,
  })
  .map((w) => w.join(''))

test('what a person typed in one place is never lost', () => {
  fc.assert(
    fc.property(words, fc.nat(), fc.nat(), words, (base, a, b, theirs) => {
      const at = base.length ? a % (base.length + 1) : 0
      const end = Math.min(base.length, at + (b % 5))
      const typed = `${base.slice(0, at)}«MINE»${base.slice(end)}`
      const caretAt = at + '«MINE»'.length
      const { text, selection } = rebase(base, typed, theirs, [
        caretAt,
        caretAt,
      ])
      assert.ok(
        text.includes('«MINE»'),
        JSON.stringify({ base, typed, theirs, text }),
      )
      assert.equal(
        text.slice(0, selection[0]).endsWith('«MINE»'),
        true,
        JSON.stringify({ base, typed, theirs, text, selection }),
      )
    }),
    { numRuns: 3000 },
  )
})

test('hunks turn the old text into the new one', () => {
  fc.assert(
    fc.property(words, words, (before, after) => {
      let text = before
      for (const { from, to, insert } of hunks(before, after).reverse()) {
        text = text.slice(0, from) + insert + text.slice(to)
      }
      assert.equal(text, after)
    }),
    { numRuns: 2000 },
  )
})

test('parts keep both texts whole', () => {
  fc.assert(
    fc.property(words, words, (before, after) => {
      const all = parts(before, after)
      const join = (unseen) =>
        all
          .filter((p) => p.kind !== unseen)
          .map((p) => p.text)
          .join('')
      assert.equal(join('new'), before)
      assert.equal(join('gone'), after)
    }),
  )
})

test('a span never cuts a character in two', () => {
  const found = span('a😀', 'a😁')
  assert.deepEqual(found, { from: 1, to: 3, insert: '😁' })
})

test('long texts that share little differ as one hunk, in no time', () => {
  const long = (seed) =>
    Array.from({ length: 4000 }, (_, i) => `${seed}${i}`).join(' ')
  const begun = performance.now()
  const found = hunks(long('a'), long('b'))
  assert.ok(found.length >= 1)
  assert.ok(performance.now() - begun < 2000)
})
