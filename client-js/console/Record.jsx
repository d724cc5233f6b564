/** One record: what it says now, field by field, and how it came to say so. */
import { allAsks, ASK_ICON, ASKED } from '../ui/asks.js'
import { capital, clock, dateOf, firstLine, moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { personName, schoolName, schoolOf, titleOf } from '../ui/model.js'
import { Notices } from '../ui/Notices.jsx'
import { Page } from '../ui/Page.jsx'
import { isSigned } from '../ui/rights.js'
import { to } from '../ui/route.js'
import { useSave } from '../ui/save.js'
import { StatusTag } from '../ui/StatusTag.jsx'
import { fieldLabel, fieldOf, typeLabel } from '../ui/words.js'
import { Avatar } from '../ui/Avatar.jsx'
import { Change } from '../ui/Change.jsx'
import { before, OUTCOME, saves, useHistory } from '../ui/history.js'
import { Signatures } from './Signatures.jsx'
import { valueWords } from '../ui/value.js'

/** The type's order of fields, and then what a newer schema added. */
const fieldsOf = (tm, record) => {
  const known = Object.keys(tm.schema.types[record.type]?.fields ?? {})
  const held = Object.keys(record.fields)
  return [
    ...known.filter((f) => held.includes(f)),
    ...held.filter((f) => !known.includes(f)),
  ]
}

function Flags({ record, meta }) {
  if (!meta.conflict && !meta.checkWording && !meta.merged) return null
  return (
    <span class="flags">
      {meta.conflict && (
        <a class="tag ask" href={to('decide', record.id)}>
          <Icon name="hand" />
          Needs a decision
        </a>
      )}
      {meta.checkWording && (
        <a class="tag wait" href={to('decide', record.id)}>
          <Icon name="talk" />
          Check wording
        </a>
      )}
      {meta.merged && (
        <span class="tag sent">
          <Icon name="merge" />
          Joined
        </span>
      )}
    </span>
  )
}

function Values({ record }) {
  const { tm } = useDesk()
  return (
    <section class="card pad" aria-labelledby="now">
      <h2 id="now">What it says now</h2>
      <dl class="values">
        {fieldsOf(tm, record).map((field) => {
          const meta = record.meta[field] ?? {}
          return (
            <div key={field}>
              <dt>
                <span>{fieldLabel(tm, record.type, field)}</span>
                <span class="tiny soft">
                  {meta.at && `${personName(tm, meta.by)}, ${moment(meta.at)}`}
                </span>
                <Flags record={record} meta={meta} />
              </dt>
              <dd>
                {valueWords(tm, record.type, field, record.fields[field])}
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

/** An older value, as a new edit of one's own. */
function PutBack({ record, entry }) {
  const { tm } = useDesk()
  const save = useSave()
  const kind = fieldOf(tm, record.type, entry.field)
  const now = record.fields[entry.field]
  const meta = record.meta[entry.field] ?? {}
  const isOld = entry.version < (meta.version ?? 0) && !meta.conflict
  if (!isOld || !kind || kind.merge === 'once' || kind.merge === 'rank') {
    return null
  }
  if (JSON.stringify(now) === JSON.stringify(entry.value)) return null
  if (!tm.may('write', record.type, record.bucket) || isSigned(record)) {
    return null
  }
  return (
    <button
      class="btn quiet back"
      onClick={() => save((c) => c.bringBack(record.id, entry))}
    >
      {kind.type === 'text' ? 'Put this wording back' : 'Put this back'}
    </button>
  )
}

function Entry({ record, entry, entries }) {
  const { tm } = useDesk()
  const old = before(entries, entry)
  const { words, tone } = OUTCOME[entry.outcome] ?? OUTCOME.held
  if (entry.field === 'record') {
    return [
      <dt key="t">The record</dt>,
      <dd key="d">
        {entry.value === false ? 'Removed' : old ? 'Brought back' : 'Begun'}
      </dd>,
    ]
  }
  return [
    <dt key="t">{fieldLabel(tm, record.type, entry.field)}</dt>,
    <dd key="d">
      <Change
        type={record.type}
        field={entry.field}
        old={old?.value}
        now={entry.value}
        known={Boolean(old)}
      />
      {entry.outcome !== 'applied' && (
        <div>
          <span class={`tag ${tone}`}>{words}</span>
        </div>
      )}
      <PutBack record={record} entry={entry} />
    </dd>,
  ]
}

function Save({ record, save, entries }) {
  const { tm } = useDesk()
  const late = save.received - save.at > 60_000
  const sameDay = dateOf(new Date(save.at)) === dateOf(new Date(save.received))
  return (
    <li class="card arrival">
      <Avatar id={save.by ?? undefined} />
      <h3>
        <strong>{personName(tm, save.by ?? undefined)}</strong>
      </h3>
      <div class="when num">
        <time dateTime={new Date(save.at).toISOString()}>
          {moment(save.at)}
        </time>
        {late && (
          <div>
            arrived {sameDay ? clock(save.received) : moment(save.received)}
          </div>
        )}
      </div>
      <dl>
        {save.entries.map((entry) => (
          <Entry
            key={entry.version}
            record={record}
            entry={entry}
            entries={entries}
          />
        ))}
      </dl>
    </li>
  )
}

const WAITING = {
  asking: 'Asking the server for it…',
  offline:
    'The history is kept by the server. It shows once there is a network.',
}

function Story({ record }) {
  const { state, entries } = useHistory(record)
  return (
    <section aria-labelledby="story">
      <h2 id="story" class="visually-hidden">
        How it came to say so
      </h2>
      {state !== 'here' && <p class="card pad soft">{WAITING[state]}</p>}
      <ol class="timeline">
        {saves(entries).map((save) => (
          <Save key={save.key} record={record} save={save} entries={entries} />
        ))}
      </ol>
    </section>
  )
}

/** What is still to settle about it, and what should be known. */
function Open({ id }) {
  const asks = useLive(
    (tm) => allAsks(tm).filter((ask) => ask.record === id),
    [id],
  )
  return (
    <>
      {asks.map((ask) => (
        <p key={ask.key} class="banner quiet">
          <Icon name={ASK_ICON[ask.kind]} />
          <span>{capital(ASKED[ask.kind])}</span>
          <a class="btn slim" href={to('decide', ask.key)}>
            Settle it
          </a>
        </p>
      ))}
      <Notices id={id} />
    </>
  )
}

/** @param {{ id: string }} props */
export function Record({ id }) {
  const { tm } = useDesk()
  const record = useLive((client) => client.get(id), [id])
  if (!record) {
    return (
      <Page title="This record is not here">
        <p>
          It has not arrived in this browser, or it is in a part that you may
          not see.
        </p>
      </Page>
    )
  }
  const school = schoolOf(tm, record)
  return (
    <Page
      title={firstLine(titleOf(tm, record), 90)}
      name={typeLabel(tm, record.type)}
      about={
        <>
          {typeLabel(tm, record.type)}
          {school && record.type !== 'school' && `, ${schoolName(tm, school)}`}
          {record.deleted && '. Removed; it can be brought back.'}{' '}
          <StatusTag id={record.id} />
        </>
      }
    >
      <div class="two">
        <div class="stack">
          <Open id={id} />
          <Signatures id={id} />
          <Values record={record} />
        </div>
        <Story record={record} />
      </div>
    </Page>
  )
}
