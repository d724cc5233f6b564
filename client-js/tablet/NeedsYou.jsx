/** What waits for this person, on Today; nothing when there is nothing. */
import { ASK_ICON, ASKED, myAsks } from '../ui/asks.js'
import { capital, count, firstLine, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { whole } from '../ui/rights.js'
import { addressOf } from './Waiting.jsx'

const SHOWN = 3

/** Where it is answered: on the visit or the review itself. */
const addressFor = (tm, { record, kind }) => {
  const about = tm.get(record)
  return addressOf(kind === 'wording' ? about : whole(tm, about))
}

function Row({ ask }) {
  const { tm } = useDesk()
  const record = tm.get(ask.record)
  const school = schoolOf(tm, record)
  return (
    <li>
      <Icon name={ASK_ICON[ask.kind]} />
      <a class="main" href={addressFor(tm, ask)}>
        <strong>
          {school && `${schoolShort(tm, school)}: `}
          {ASKED[ask.kind]}
        </strong>
        <span class="tiny soft">
          {firstLine(titleOf(tm, record), 60)}, {moment(ask.at)}
        </span>
      </a>
      <Icon name="right" />
    </li>
  )
}

export function NeedsYou() {
  const asks = useLive(myAsks)
  if (asks.length === 0) return null
  return (
    <section class="card needs" aria-labelledby="needs">
      <div class="bar">
        <h2 id="needs">Needs you</h2>
        <span class="tag ask">{count(asks.length, 'thing')}</span>
      </div>
      <ul class="rows">
        {asks.slice(0, SHOWN).map((ask) => (
          <Row key={ask.key} ask={ask} />
        ))}
      </ul>
      {asks.length > SHOWN && (
        <p class="tiny soft">
          {capital(count(asks.length - SHOWN, 'more', 'more'))} once these are
          done.
        </p>
      )}
    </section>
  )
}
