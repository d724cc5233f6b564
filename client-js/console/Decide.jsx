/**
 * What needs a person, oldest first: two answers, late changes, held work, two
 * records that may be one, wording. A list on the left, and a screen for each:
 * everything that was written is on it, and nothing is lost.
 */
import { allAsks, ASKED } from '../ui/asks.js'
import { Decision } from '../ui/Decision.jsx'
import { dateOf, firstLine, moment, plainDate } from '../ui/format.js'
import { Heading } from '../ui/Heading.jsx'
import { useHistory } from '../ui/history.js'
import { Icon } from '../ui/icons.jsx'
import { LateChange } from '../ui/LateChange.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { schoolName, schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { unitFields, unitLabel } from '../ui/rights.js'
import { to } from '../ui/route.js'
import { StatusPill } from '../ui/StatusPill.jsx'
import { Twins } from '../ui/Twins.jsx'
import { valueWords } from '../ui/value.js'
import { Wording } from '../ui/Wording.jsx'
import { fieldLabel, typeLabel } from '../ui/words.js'
import { Timeline } from './Timeline.jsx'

/** “12 March or 13 March?”: what the two answers are. */
function orWords(tm, { item }) {
  const { type } = tm.get(item.record)
  const [judged] = unitFields(tm, type, item.field)
  const said = item.values.map((v) =>
    valueWords(tm, type, judged, v.values[judged]),
  )
  return `${[...new Set(said)].join(' or ')}?`
}

/** What an ask is about, in a few words. */
function subject(tm, ask) {
  const record = tm.get(ask.record)
  if (!record) return 'Held work'
  if (ask.kind === 'conflict') return orWords(tm, ask)
  if (ask.kind === 'wording') {
    return `${fieldLabel(tm, record.type, ask.field)}: ${ASKED.wording}`
  }
  return `${firstLine(titleOf(tm, record), 34)}: ${ASKED[ask.kind]}`
}

function Queue({ asks, here }) {
  const { tm } = useDesk()
  return (
    <nav class="queue" aria-label="To settle">
      <h2>{asks.length} to settle</h2>
      <ol>
        {asks.map((ask) => {
          const record = tm.get(ask.record)
          const school = schoolOf(tm, record)
          const where = school
            ? schoolShort(tm, school)
            : typeLabel(tm, record?.type ?? 'amendment')
          return (
            <li key={ask.key}>
              <a
                href={to('decide', ask.key)}
                aria-current={ask.key === here.key ? 'true' : undefined}
              >
                <strong>{where}</strong>
                <span class="small">{subject(tm, ask)}</span>
                <span class="tiny soft">since {moment(ask.at)}</span>
              </a>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

const Kept = ({ children }) => (
  <p class="small soft late-note">
    <Icon name="clock" />
    <span>{children}</span>
  </p>
)

function Conflict({ ask }) {
  const { tm } = useDesk()
  const conflict = ask.item
  const record = tm.get(conflict.record)
  const { entries } = useHistory(record)
  const fields = unitFields(tm, record.type, conflict.field)
  return (
    <>
      <Timeline conflict={conflict} entries={entries} fields={fields} />
      <Decision conflict={conflict} entries={entries} />
      <Kept>
        Until it is settled, tablets and reports show the answer that arrived
        first, marked as being discussed. The choice stays in the record’s
        history with your name, beside all answers that it settles.
      </Kept>
    </>
  )
}

function Late({ ask }) {
  return (
    <>
      <LateChange amendment={ask.item} />
      <Kept>
        Taken in, it is joined with what is there, under its author’s name. Left
        out, it stays here with your reason, and its author is told.
      </Kept>
    </>
  )
}

/** The screen's own words for each kind of ask. */
const SCREENS = {
  conflict: (tm, ask) => {
    const record = tm.get(ask.record)
    const unit = unitLabel(tm, record.type, ask.field)
    const line = record.type === 'judgement' ? titleOf(tm, record) : ''
    return line ? `${line}: two judgements` : `Two answers for the ${unit}`
  },
  late: (tm, ask) =>
    ask.item.whyHeld === 'after sign-off' ? 'A late change' : 'Held work',
  twins: () => 'One record, or two?',
  wording: (tm, ask) =>
    `${fieldLabel(tm, tm.get(ask.record).type, ask.field)}: two wordings`,
}

function Body({ ask }) {
  const { tm } = useDesk()
  const record = tm.get(ask.record)
  if (ask.kind === 'conflict') return <Conflict ask={ask} />
  if (ask.kind === 'late') return <Late ask={ask} />
  if (ask.kind === 'twins') return <Twins notice={ask.item} />
  return <Wording record={record} field={ask.field} box />
}

function Item({ ask }) {
  const { tm } = useDesk()
  const record = tm.get(ask.record)
  const school = schoolOf(tm, record)
  const title = SCREENS[ask.kind](tm, ask)
  const facts = [
    school && schoolName(tm, school),
    record && typeLabel(tm, record.type),
    record && `begun ${plainDate(dateOf(new Date(record.created.at)))}`,
  ]
  return (
    <main class="page settle" tabIndex={-1}>
      <div class="top">
        <div>
          <p class="soft small">{facts.filter(Boolean).join(', ')}</p>
          <Heading title="To settle">{title}</Heading>
        </div>
        <div class="row">
          <span class="pill">
            <span class="dot full" />
            Nothing is lost: all of it is kept
          </span>
          <StatusPill />
        </div>
      </div>
      <div class="stack">
        <Body ask={ask} />
      </div>
      {record && (
        <a class="btn quiet" href={to('record', record.id)}>
          The whole record and its history
          <Icon name="right" />
        </a>
      )}
    </main>
  )
}

/** @param {{ id?: string }} props an ask, or the record that it is about */
export function Decide({ id }) {
  const asks = useLive(allAsks)
  const here =
    asks.find((ask) => ask.key === id) ??
    asks.find((ask) => ask.record === id) ??
    asks[0]
  if (!here) {
    return (
      <main class="page" tabIndex={-1}>
        <div class="top">
          <Heading title="To settle">Nothing to settle</Heading>
          <StatusPill />
        </div>
        <p class="card pad">
          <Icon name="check" /> No record needs a person. What met was joined,
          and both sides’ words stand.
        </p>
      </main>
    )
  }
  return (
    <div class="queue-lay">
      <Queue asks={asks} here={here} />
      <Item key={here.key} ask={here} />
    </div>
  )
}
