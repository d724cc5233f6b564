/** All records, found by words, school and type. */
import { useState } from 'preact/hooks'
import { count, firstLine, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { personName, schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { Page } from '../ui/Page.jsx'
import { to } from '../ui/route.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { typeLabel } from '../ui/words.js'
import { Filters } from './Filters.jsx'
import { holds } from './stream.js'

const PAGE = 50

function found(tm, { words = '', school, type }) {
  const wanted = words.trim().toLowerCase()
  const types = type ? [type] : Object.keys(tm.schema.types)
  return types
    .flatMap((t) => tm.list(t))
    .filter((r) => !school || schoolOf(tm, r) === school)
    .filter((r) => !wanted || holds(tm, r, wanted))
    .sort((a, b) => b.changed.at - a.changed.at)
}

function Row({ record }) {
  const { tm } = useDesk()
  const school = schoolOf(tm, record)
  return (
    <li>
      <a class="main" href={to('record', record.id)}>
        <strong>{firstLine(titleOf(tm, record), 90)}</strong>
        <span class="tiny soft">
          {typeLabel(tm, record.type)}
          {school && record.type !== 'school' && `, ${schoolShort(tm, school)}`}
        </span>
      </a>
      <span class="tiny soft">
        {personName(tm, record.changed.by)}, {moment(record.changed.at)}
      </span>
      <StatusTag id={record.id} />
      <Icon name="right" />
    </li>
  )
}

/** @param {{ type?: string, school?: string }} props */
export function Records({ type = 'visit', school }) {
  const [asked, setAsked] = useState({
    type: type === 'all' ? undefined : type,
    school,
  })
  const [shown, setShown] = useState(PAGE)
  const records = useLive((tm) => found(tm, asked), [asked])
  return (
    <Page
      title="Records"
      about={`${count(records.length, 'record')}, last changed first`}
    >
      <Filters asked={asked} person={false} onAsk={setAsked} />
      {records.length > 0 && (
        <ul class="card rows list">
          {records.slice(0, shown).map((r) => (
            <Row key={r.id} record={r} />
          ))}
        </ul>
      )}
      {records.length === 0 && <p class="empty">No record fits.</p>}
      {records.length > shown && (
        <p class="empty">
          <button class="btn" onClick={() => setShown(shown + PAGE)}>
            Show more
          </button>
        </p>
      )}
    </Page>
  )
}
