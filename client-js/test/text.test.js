// @ts-check
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { apply, checkDelta, compose, diff } from '../src/text.js'
import { invert, merge, TEXT_CHARS_MAX } from '../src/text.js'
import { classOf, glued, glyphs, LETTER, PAD } from '../src/text-word.js'
import { slice } from '../src/text-word.js'

/** @typedef {import('../src/text.js').Step} Step */

const tool = fileURLToPath(new URL('../tools/text.js', import.meta.url))
const vectors = new URL('../../tests/vectors/text.jsonl', import.meta.url)

// ---- Stories. ----

test('two sentences in different places both stand, without a question', () => {
  const note = 'Plans are clear. Review meetings are on time.'
  const theirs = [16, ' Teachers can explain them.']
  const mine = [45, " Parents' views appear in eight of ten."]
  const { text, overlaps } = merge(note, theirs, mine)
  assert.equal(
    text,
    'Plans are clear. Teachers can explain them. ' +
      "Review meetings are on time. Parents' views appear in eight of ten.",
  )
  assert.deepEqual(overlaps, [])
})

test('a word reworded by two stands in both wordings', () => {
  const note = 'Adaptation is inconsistent.'
  const theirs = [14, 'strong in English and weaker in mathematics', -12]
  const mine = [14, 'too variable in Key Stage 3', -12]
  const { text, overlaps } = merge(note, theirs, mine)
  assert.equal(
    text,
    'Adaptation is strong in English and weaker in mathematics ' +
      'too variable in Key Stage 3.',
  )
  assert.deepEqual(overlaps, [[14, 26, theirs[1], mine[1]]])
})

test('an insert inside what the other deleted survives and is reported', () => {
  const { text, overlaps } = merge('a. b c d. e', [3, -7], [5, 'new '])
  assert.equal(text, 'a. b new c d. e')
  assert.deepEqual(overlaps, [[3, 10, '', 'b new c d. ']])
})

test('words reworded side by side are one rewording', () => {
  assert.deepEqual(diff('we are quite sure now', 'we were very sure now'), [
    3,
    'were very',
    -9,
  ])
})

test('texts that share nothing become one replacement', () => {
  const words = (/** @type {string} */ w) =>
    Array.from({ length: 900 }, (_, i) => w + i).join(' ')
  const from = words('a')
  const delta = diff(from, words('b'))
  assert.equal(delta.length, 2)
  assert.equal(apply(from, delta), words('b'))
})

test('only canonical deltas within the limits may be sent', () => {
  /** @type {unknown[]} */
  const good = [
    [],
    [3, 'x', -2, 1, -1],
    [-3, 1, '\u{1f600}'],
    [-TEXT_CHARS_MAX],
    ['x'.repeat(TEXT_CHARS_MAX)],
  ]
  /** @type {unknown[]} */
  const bad = [
    [3],
    [0],
    [''],
    [-1, 'x'],
    ['x', 'y'],
    [1, 1, -1],
    [-1, -1],
    [1.5, 'x'],
    ['\ud800'],
    ['\udc00x'],
    ['\0'],
    [null],
    [[1]],
    [NaN, 'x'],
    [TEXT_CHARS_MAX, -1],
    ['x'.repeat(TEXT_CHARS_MAX), 1, 'x'],
    null,
    'x',
    { length: 0 },
  ]
  for (const delta of good) assert.equal(checkDelta(delta), true)
  for (const delta of bad) assert.equal(checkDelta(delta), false)
})

test('a delta that reaches past the end is refused by name', () => {
  assert.throws(() => apply('abc', [4, 'x']), { name: 'bad_delta' })
  assert.throws(() => apply('a\u{1f600}', [-3]), { name: 'bad_delta' })
  assert.throws(() => invert('abc', [-4]), { name: 'bad_delta' })
  assert.throws(() => merge('abc', [], [3, -1]), { name: 'bad_delta' })
})

// ---- Properties. ----

const piece = fc.constantFrom(
  ...['a', 'bc', 'd', ' ', ' ', '. ', '-', "'", '.', '(', '\u00e9', 'e\u0301'],
  ...['\u{1f600}', '\r\n', '\u2019', '\u201c'],
)
const aText = fc.array(piece, { maxLength: 14 }).map((all) => all.join(''))
const aHunk = fc.record({
  skip: fc.nat(6),
  added: fc.array(piece, { maxLength: 3 }).map((all) => all.join('')),
  cut: fc.nat(4),
})
const hunks = fc.array(aHunk, { maxLength: 4 })

/**
 * Hunks become a canonical delta that fits the text.
 * @param {string} text @param {{ skip: number, added: string, cut: number }[]}
 *   list
 */
function fit(text, list) {
  /** @type {Step[]} */
  const steps = []
  let left = [...text].length
  for (const { skip, added, cut } of list) {
    const kept = Math.min(skip, left)
    const gone = Math.min(cut, left - kept)
    left -= kept + gone
    steps.push(...[kept, added, -gone].filter((step) => step))
  }
  return compose([], steps)
}

/** @param {string} text */
function wordsOf(text) {
  const g = glyphs(text)
  const words = []
  for (let at = 0, end; at < g.count; at = end) {
    for (end = at + 1; glued(g, end); end++);
    if (g.classes[PAD + at] === LETTER) words.push(slice(g, at, end))
  }
  return words
}

const runs = { numRuns: 2000 }

test('composing equals applying in turn, and is canonical', () => {
  fc.assert(
    fc.property(aText, hunks, hunks, (text, h1, h2) => {
      const first = fit(text, h1)
      const once = apply(text, first)
      const second = fit(once, h2)
      const both = compose(first, second)
      assert.ok(checkDelta(both))
      assert.equal(apply(text, both), apply(once, second))
    }),
    runs,
  )
})

test('composing is associative', () => {
  fc.assert(
    fc.property(aText, hunks, hunks, hunks, (text, h1, h2, h3) => {
      const a = fit(text, h1)
      const b = fit(apply(text, a), h2)
      const c = fit(apply(apply(text, a), b), h3)
      assert.deepEqual(compose(compose(a, b), c), compose(a, compose(b, c)))
    }),
    runs,
  )
})

test('inverting undoes', () => {
  fc.assert(
    fc.property(aText, hunks, (text, h) => {
      const delta = fit(text, h)
      assert.equal(apply(apply(text, delta), invert(text, delta)), text)
    }),
    runs,
  )
})

test('a diff leads from one text to the other', () => {
  fc.assert(
    fc.property(aText, aText, (from, to) => {
      const delta = diff(from, to)
      assert.ok(checkDelta(delta))
      assert.equal(apply(from, delta), to)
    }),
    runs,
  )
})

test('no word of a merge is made of the letters of two authors', () => {
  fc.assert(
    fc.property(aText, hunks, hunks, (base, h1, h2) => {
      const theirs = fit(base, h1)
      const mine = fit(base, h2)
      const shown = apply(base, theirs)
      const own = apply(base, mine)
      const merged = merge(base, theirs, mine)
      assert.ok(checkDelta(merged.delta))
      assert.equal(apply(shown, merged.delta), merged.text)
      const known = new Set([base, shown, own].flatMap(wordsOf))
      for (const word of wordsOf(merged.text)) assert.ok(known.has(word), word)
      for (const [, , ...wordings] of merged.overlaps) {
        for (const wording of wordings) {
          assert.ok(merged.text.includes(wording))
        }
      }
      if (merged.overlaps.length > 0) return
      for (const step of [...theirs, ...mine]) {
        if (typeof step === 'string') assert.ok(merged.text.includes(step))
      }
    }),
    runs,
  )
})

test('the same edit by both is made once, an edit against none stands', () => {
  fc.assert(
    fc.property(aText, hunks, (base, h) => {
      const edit = fit(base, h)
      const text = apply(base, edit)
      const none = { text, delta: [], overlaps: [] }
      assert.deepEqual(merge(base, edit, edit), none)
      assert.deepEqual(merge(base, edit, []), none)
      assert.deepEqual(merge(base, [], edit), { ...none, delta: edit })
    }),
    runs,
  )
})

test('edits of different words flag nothing, of one word always', () => {
  const words = 'plans are clear and review meetings are on time'.split(' ')
  const at = words.map((_, i) => words.slice(0, i).join(' ').length + (i && 1))
  const which = fc.nat(words.length - 1)
  fc.assert(
    fc.property(which, which, (i, j) => {
      const theirs = [at[i], 'theirs', -words[i].length].filter((s) => s !== 0)
      const mine = [at[j], 'mine', -words[j].length].filter((s) => s !== 0)
      const { text, overlaps } = merge(words.join(' '), theirs, mine)
      assert.equal(overlaps.length, i === j ? 1 : 0)
      assert.match(text, /\btheirs\b/)
      assert.match(text, /\bmine\b/)
    }),
  )
})

// ---- Held to the C side. ----

test('the word table is the one in C', () => {
  // The same sum stands in tests/text_test.c.
  let sum = 2166136261
  for (let code = 0; code <= 0x10ffff; code++) {
    sum = Math.imul(sum ^ classOf(code), 16777619)
  }
  assert.equal(sum >>> 0, 0x1a5ef7b0)
})

test('the shared vectors hold', () => {
  const lines = readFileSync(vectors, 'utf8').trimEnd().split('\n')
  assert.ok(lines.length >= 300)
  const all = lines.map((line) => JSON.parse(line))
  const input = all
    .map(({ request }) =>
      typeof request === 'string' ? request : JSON.stringify(request),
    )
    .join('\n')
  const run = spawnSync(process.execPath, [tool], { input: input + '\n' })
  const answers = run.stdout.toString().trimEnd().split('\n')
  assert.equal(answers.length, all.length)
  all.forEach(({ answer }, i) => {
    assert.equal(answers[i], JSON.stringify(answer), lines[i])
  })
})

test('lines are read as bytes: what is not UTF-8 is malformed', () => {
  const input = Buffer.from(
    '{"apply":"\xff","delta":[]}\n\n{"diff":["",""]}',
    'latin1',
  )
  const run = spawnSync(process.execPath, [tool], { input })
  assert.equal(
    run.stdout.toString(),
    '{"error":"malformed"}\n{"error":"malformed"}\n{"delta":[]}\n',
  )
})
