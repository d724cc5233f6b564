/**
 * Two people rewrote the same words: both wordings stand in the text, one
 * after the other. Who wrote which, marked, and the box to make one of them.
 */
import { parts } from './diff.js'
import { firstName, moment } from './format.js'
import { Icon } from './icons.jsx'
import { useDesk } from './live.js'
import { personName } from './model.js'
import { before, useHistory } from './history.js'
import { TextBox } from './TextBox.jsx'

const EDGE = 70

/** What an entry put there, with a few of the words around it. */
function placed(entries, entry) {
  const old = before(entries, entry)
  const all = parts(old?.value ?? '', entry.value)
  return all.flatMap(({ kind, text }, i) => {
    if (kind === 'gone') return []
    if (kind === 'new') return [<ins key={i}>{text}</ins>]
    const head = i > 0 ? text.slice(0, EDGE).replace(/\S*$/, '') : ''
    const tail = text.slice(-EDGE).replace(/^\S*/, '')
    if (text.length < 2 * EDGE) return [text]
    return [i < all.length - 1 ? `${head}… ${tail}` : `${head}…`]
  })
}

/** @param {{ record: any, field: string, box?: boolean }} props
 *   `box`: with the text to be tidied */
export function Wording({ record, field, box }) {
  const { tm } = useDesk()
  const { entries } = useHistory(record)
  const ours = entries.filter((e) => e.field === field)
  const last = ours.findIndex((e) => e.outcome === 'merged')
  const both = last < 0 ? [] : ours.slice(last, last + 2).reverse()
  return (
    <section class="card pad wording" aria-label="Check the wording">
      <h2>
        <Icon name="talk" />
        Two people rewrote the same words, and both wordings stand
      </h2>
      {both.map((entry) => (
        <p key={entry.version}>
          <span class="small soft">
            {firstName(personName(tm, entry.by))}, {moment(entry.at)}
          </span>
          <br />
          {placed(entries, entry)}
        </p>
      ))}
      <p class="small soft">
        Make one text of them, here or by writing on below; this goes by itself
        then.
      </p>
      {box && <TextBox record={record} field={field} hint="" />}
    </section>
  )
}
