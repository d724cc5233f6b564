/** One save in the stream: who, what, when, and what it changed. */
import { clock, count, dateOf, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk } from '../ui/live.js'
import { personName, schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { to } from '../ui/route.js'
import { fieldLabel, typeLabel } from '../ui/words.js'
import { firstLine } from '../ui/format.js'
import { Avatar } from '../ui/Avatar.jsx'
import { Change } from '../ui/Change.jsx'
import { before, ofSave, useHistory } from '../ui/history.js'

const FIELDS_SHOWN = 4

// Numbers that the app keeps for itself.
const QUIET = new Set([
  'revision',
  'order',
  'round',
  'state',
  'by',
  'parent',
  'school',
  'review',
  'lead',
  'seen_at',
  'term',
])

/** What to show of a save: words first, the app's own numbers last. */
function worth(tm, save) {
  const type = tm.schema.types[save.record.type]
  const weight = (f) =>
    (QUIET.has(f) ? 10 : 0) + (type?.fields[f]?.type === 'text' ? 0 : 1)
  const sorted = [...save.fields].sort((a, b) => weight(a) - weight(b))
  const told = sorted.filter((f) => !QUIET.has(f))
  return told.length ? told : sorted
}

function Tags({ save, known }) {
  return (
    <div class="tags">
      {save.created && known !== 'changed' && <span class="tag">New</span>}
      {save.merged && (
        <span class="tag sent">
          <Icon name="merge" />
          Joined with others’ words
        </span>
      )}
      {save.conflict && (
        <a class="tag ask" href={to('decide', save.record.id)}>
          <Icon name="hand" />
          Needs a decision
        </a>
      )}
      {save.checkWording && (
        <a class="tag wait" href={to('decide', save.record.id)}>
          <Icon name="talk" />
          Check wording
        </a>
      )}
      {save.pending && (
        <span class="tag wait">
          <Icon name="tablet" />
          Written here, not sent yet
        </span>
      )}
    </div>
  )
}

function When({ at, received }) {
  const sameDay =
    received && dateOf(new Date(at)) === dateOf(new Date(received))
  return (
    <div class="when num">
      <time dateTime={new Date(at).toISOString()}>{moment(at)}</time>
      {received && received - at > 60_000 && (
        <div>arrived {sameDay ? clock(received) : moment(received)}</div>
      )}
    </div>
  )
}

/** @param {{ save: import('./stream.js').Save }} props */
export function Arrival({ save }) {
  const { tm } = useDesk()
  const { record } = save
  const { entries } = useHistory(record)
  const mine = ofSave(entries, save)
  const fields = worth(tm, save)
  const school = schoolOf(tm, record)
  const title = titleOf(tm, record)
  return (
    <li class="card arrival">
      <Avatar id={save.by} />
      <h2>
        {personName(tm, save.by)} {save.created ? 'wrote' : 'changed'}{' '}
        <a href={to('record', record.id)}>{firstLine(title, 80)}</a>
        <span class="soft small">
          {' '}
          · {typeLabel(tm, record.type)}
          {school && record.type !== 'school' && `, ${schoolShort(tm, school)}`}
        </span>
      </h2>
      <When at={save.at} received={mine[0]?.received} />
      <Tags save={save} />
      <dl>
        {fields.slice(0, FIELDS_SHOWN).flatMap((field) => {
          const entry = mine.find((e) => e.field === field)
          const old = entry && before(entries, entry)
          return [
            <dt key={`${field}-t`}>{fieldLabel(tm, record.type, field)}</dt>,
            <dd key={field}>
              <Change
                type={record.type}
                field={field}
                now={record.fields[field]}
                old={old?.value}
                known={Boolean(old)}
              />
            </dd>,
          ]
        })}
      </dl>
      {fields.length > FIELDS_SHOWN && (
        <a class="tiny more" href={to('record', record.id)}>
          and {count(fields.length - FIELDS_SHOWN, 'more field')}
        </a>
      )}
    </li>
  )
}
