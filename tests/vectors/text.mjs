// Writes tests/vectors/text.jsonl: requests for the text tool and the answers
// of the JavaScript twin. Run it when the rules change on purpose, and read
// the difference; the C side is then held to it.
//
//     node tests/vectors/text.mjs > tests/vectors/text.jsonl
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NOTE = 'Plans are clear. Review meetings are on time.'
const CRLF = 'One.\r\nTwo two.\r\n\r\nThree.'
const WIDE =
  'Caf\u00e9 \u{1f600}\u{1f44d}\u{1f3fd} n\u0303o \u2018don\u2019t\u2019'

const texts = [
  '',
  ' ',
  'a',
  NOTE,
  CRLF,
  WIDE,
  'a (b) c',
  '3.5 13/04/2026',
  '\u4e2d\u6587',
]

const merges = [
  [NOTE, [16, ' Teachers can explain them.'], [45, ' Parents agree.']],
  [NOTE, [10, 'tidy', -5], [15, ' and dated']],
  [NOTE, [10, 'tidy', -5], [10, 'short', -5]],
  [NOTE, [10, 'tidy', -5], [10, 'tidy', -5]],
  [NOTE, [-17], [10, 'tidy', -5]],
  [NOTE, [10, 'tidy', -5], [-17]],
  [NOTE, [-17], [6, 'really ']],
  [NOTE, [-17], [-16]],
  [NOTE, [-10], [6, -10]],
  [NOTE, [1, '!', -1], [3, '?', -1]],
  [NOTE, [45, ' A.'], [45, ' B.']],
  [NOTE, [45, 'A.'], [45, 'B.']],
  [NOTE, [45, ' A'], [45, 'B']],
  [NOTE, [17, 'New '], [17, 'Old ']],
  [NOTE, [17, 'New '], [17, 'New ']],
  [NOTE, [-45], [-45]],
  [NOTE, [-45], [45, ' More.']],
  [NOTE, ['All new.', -45], [6, 'were', -3]],
  ['', ['One.'], ['Two.']],
  ['', ['One'], ['Two']],
  ['', [], ['Two']],
  ['a b c', [2, -2], [1, -2]],
  ['a bc d', [2, -2], [2, -3]],
  ['a (b) c', [2, -1], [2, 'x']],
  ['foo . bar', [4, 'x', -1], [5, 'y']],
  ['a, b', [1, ';', -1], [1, '.', -1]],
  ['a,- b', [2, 'x'], [1, 'y', -1]],
  ['It is 3.5 now', [6, '4', -1], [8, '7', -1]],
  ['13/04/2026', [1, '4', -1], [4, '5', -1]],
  ["don't", [3, -2], [5, 've']],
  ['well known', [4, '-', -1], [5, 'un']],
  [CRLF, [4, -1, 1, 'x '], [4, ' y']],
  [CRLF, [6, 'Zwei ', -4], [14, -2]],
  [WIDE, [5, 'x', -1], [6, 'y', -2]],
  [WIDE, [9, -1], [11, 'o']],
  [WIDE, [4, ' a'], [17, ' b']],
  ['\u4e2d\u6587', [1, '\u570b'], [2, '\u5b57']],
]

const refused = [
  '',
  ' ',
  'nul',
  '[1,]',
  '{"apply":"a" "delta":[]}',
  '{"apply":"a","delta":[1],}',
  '{"apply":"\\x","delta":[]}',
  '{"apply":"\\ud83d","delta":[]}',
  '{"apply":"\\u0000","delta":[]}',
  '{"apply":"abc","delta":["\\ude00"]}',
  '{"apply":"abc","delta":[1e400]}',
  '{"apply":"abc","delta":[9223372036854775807]}',
  '{"\\u0061pply":"abc","delta":[1.0,"\\ud83d\\ude00\\b\\u001f\\/"]}',
  '{"apply":"x","apply":"abc","delta":[-1e0]}',
]

const odd = [
  {},
  [],
  null,
  5,
  { apply: 1, delta: [] },
  { apply: 'abc' },
  { apply: 'abc', delta: {} },
  { apply: 'abc', delta: [0] },
  { apply: 'abc', delta: [''] },
  { apply: 'abc', delta: [null] },
  { apply: 'abc', delta: [[1]] },
  { apply: 'abc', delta: [1.5] },
  { apply: 'abc', delta: [true] },
  { apply: 'abc', delta: [4] },
  { apply: 'abc', delta: [3] },
  { apply: 'abc', delta: [-4] },
  { apply: 'abc', delta: [2, -2] },
  { apply: 'abc', delta: [-1, 'x', -1, 'y', 1] },
  { compose: [] },
  { compose: 5 },
  { compose: [5] },
  { compose: [[-3], [1]], on: 'abc' },
  { compose: [[-3], ['x']], on: 'abc' },
  { compose: [[-2147483647], [-2147483647]] },
  { compose: [['ac'], [1, 'b'], [3, '\u{1f600}'], [-1]] },
  { diff: ['a'] },
  { diff: ['a', 1] },
  { diff: ['a', 'b', 'c'] },
  { merge: 'abc', theirs: [1, 'x'], mine: [3, -1] },
  { merge: 'abc', mine: [] },
  { merge: 'abc', theirs: [], mine: [] },
]

let state = 20260114

/** @param {number} below */
function rnd(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 0x100000000) * below)
}

const PIECES = [
  'a',
  'bc',
  ' ',
  ' ',
  '. ',
  '-',
  "'",
  '.',
  '(',
  '\u00e9',
  'e\u0301',
  '\u{1f600}',
  '\r\n',
  'word',
  '\u2019',
  '\u201c',
  '"',
  '\\',
  '\t',
  '\u3002',
]

/** @param {number} most */
const randomText = (most) =>
  Array.from({ length: rnd(most + 1) }, () => PIECES[rnd(PIECES.length)]).join(
    '',
  )

/** A delta on a text, not always canonical. @param {string} text */
function randomDelta(text) {
  let left = [...text].length
  const delta = []
  for (let n = 1 + rnd(3); n > 0; n--) {
    const skip = rnd(Math.min(left, 6) + 1)
    if (skip) delta.push(skip)
    left -= skip
    const cut = rnd(2) ? rnd(Math.min(left, 4) + 1) : 0
    if (cut) delta.push(-cut)
    left -= cut
    const added = rnd(3) ? randomText(3) : ''
    if (added) delta.push(added)
  }
  return delta
}

function* requests() {
  for (const from of texts) for (const to of texts) yield { diff: [from, to] }
  for (const [merge, theirs, mine] of merges) {
    yield { merge, theirs, mine }
    yield { merge, theirs: mine, mine: theirs }
  }
  yield* refused
  yield* odd
  for (let i = 0; i < 160; i++) {
    const base = randomText(14)
    const theirs = randomDelta(base)
    const mine = randomDelta(base)
    yield { merge: base, theirs, mine }
    if (i % 2) yield { apply: base, delta: mine }
    else yield { compose: [theirs, randomDelta('')], on: base }
    if (i % 4 === 0) yield { diff: [base, randomText(14)] }
  }
}

const tool = fileURLToPath(
  new URL('../../client-js/tools/text.js', import.meta.url),
)
const all = [...requests()]
const lines = all.map((r) => (typeof r === 'string' ? r : JSON.stringify(r)))
const run = spawnSync(process.execPath, [tool], {
  input: lines.join('\n') + '\n',
})
const answers = run.stdout.toString().split('\n')
all.forEach((request, i) => {
  const head = JSON.stringify(request)
  process.stdout.write(`{"request":${head},"answer":${answers[i]}}\n`)
})
