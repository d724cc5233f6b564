/** What came in, newest first. */
import { useState } from 'preact/hooks'
import { count } from '../ui/format.js'
import { useLive } from '../ui/live.js'
import { Page } from '../ui/Page.jsx'
import { Arrival } from './Arrival.jsx'
import { Filters } from './Filters.jsx'
import { cameIn } from './stream.js'

const PAGE = 25

export function CameIn({ school }) {
  const [asked, setAsked] = useState({ school })
  const [shown, setShown] = useState(PAGE)
  const saves = useLive((tm) => cameIn(tm, asked), [asked])
  return (
    <Page
      title="What came in"
      about="Each save as it arrived and was joined with the others’. Nothing is lost: every earlier wording is in the record’s history."
    >
      <Filters
        asked={asked}
        onAsk={(next) => {
          setAsked(next)
          setShown(PAGE)
        }}
      />
      <ol class="stream">
        {saves.slice(0, shown).map((save) => (
          <Arrival key={save.key} save={save} />
        ))}
      </ol>
      {saves.length === 0 && (
        <p class="empty">Nothing fits what you asked for.</p>
      )}
      {saves.length > shown && (
        <p class="empty">
          <button class="btn" onClick={() => setShown(shown + PAGE)}>
            Show more ({count(saves.length - shown, 'earlier save')})
          </button>
        </p>
      )}
    </Page>
  )
}
