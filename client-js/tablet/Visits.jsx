/** All visit notes on this tablet, newest first, found by words in them. */
import { useState } from 'preact/hooks'
import { Icon } from '../ui/icons.jsx'
import { useLive } from '../ui/live.js'
import { schoolName, visits } from '../ui/model.js'
import { choiceLabel } from '../ui/words.js'
import { Page } from '../ui/Page.jsx'
import { VisitRow } from './VisitRow.jsx'

const WORDS = [
  'purpose',
  'since_last',
  'strengths',
  'findings',
  'impact',
  'next_steps',
  'support',
  'with_roles',
]

/** @param {any} tm @param {any} visit @param {string} wanted */
function holds(tm, { fields }, wanted) {
  const text = [
    schoolName(tm, fields.school),
    choiceLabel(tm, 'visit_kind', fields.kind),
    ...WORDS.map((name) => fields[name] ?? ''),
  ]
    .join(' ')
    .toLowerCase()
  return wanted.split(/\s+/).every((word) => text.includes(word))
}

export function Visits() {
  const [wanted, setWanted] = useState('')
  const words = wanted.trim().toLowerCase()
  const found = useLive(
    (tm) => visits(tm).filter((v) => !words || holds(tm, v, words)),
    [words],
  )
  return (
    <Page title="Visit notes" about="Everything here opens without a network.">
      <div class="search find">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label="Find a visit"
          placeholder="A school, or words in a note"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      {found.length > 0 && (
        <ul class="card rows list">
          {found.map((v) => (
            <VisitRow key={v.id} visit={v} named />
          ))}
        </ul>
      )}
      {found.length === 0 && (
        <p class="empty">
          {words
            ? 'No note has these words.'
            : 'No visit note yet. Start one from a school.'}
        </p>
      )}
    </Page>
  )
}
