/** One visit in a list. */
import { count, shortDate } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { evidence, personName, schoolShort } from '../ui/model.js'
import { to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { choiceLabel } from '../ui/words.js'

/** @param {{ visit: any, named?: boolean }} props `named`: with the school */
export function VisitRow({ visit, named }) {
  const { tm } = useDesk()
  const notes = useLive(
    (client) => evidence(client, visit.id).length,
    [visit.id],
  )
  const f = visit.fields
  const kind = choiceLabel(tm, 'visit_kind', f.kind) || 'Visit'
  const facts = [
    named && kind,
    notes > 0 && count(notes, 'note'),
    f.lead !== tm.person.id && personName(tm, f.lead),
  ]
    .filter(Boolean)
    .join(', ')
  return (
    <li>
      <time class="day" dateTime={f.date}>
        {shortDate(f.date)}
      </time>
      <a class="main" href={to('visit', visit.id)}>
        <strong>{named ? schoolShort(tm, f.school) : kind}</strong>
        {facts && <span class="tiny soft">{facts}</span>}
      </a>
      <StatusTag id={visit.id} />
      <Icon name="right" />
    </li>
  )
}
