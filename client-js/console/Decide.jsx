/**
 * What needs a person. Two values that met: every version with who, when and
 * why; keep one, or write what they agree. Two wordings of the same words:
 * both stand, and a person makes one text of them.
 */
import { useState } from 'preact/hooks'
import { count, firstLine, firstName, moment, plainDate, dateOf } from '../ui/format.js'
import { Choice } from '../ui/Chips.jsx'
import { Heading } from '../ui/Heading.jsx'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { personName, schoolName, schoolOf, schoolShort, titleOf } from '../ui/model.js'
import { to } from '../ui/route.js'
import { useSave } from '../ui/save.js'
import { StatusPill } from '../ui/StatusPill.jsx'
import { TextBox } from '../ui/TextBox.jsx'
import { choices, fieldLabel, fieldOf, typeLabel } from '../ui/words.js'
import { Avatar } from './Avatar.jsx'
import { useHistory } from './history.js'
import { toSettle } from './stream.js'
import { versionsOf } from './versions.js'
import { valueWords } from './value.js'

const isWords = (tm, type, field) => fieldOf(tm, type, field)?.type === 'text'

function Queue({ items, here }) {
  const { tm } = useDesk()
  return (
    <nav class="queue" aria-label="To settle">
      <h2>{items.length} to settle</h2>
      <ol>
        {items.map(({ record, field, kind, at }) => {
          const school = schoolOf(tm, record)
          return (
            <li key={`${record.id}/${field}`}>
              <a href={to('decide', record.id, field)}
                aria-current={here?.record.id === record.id && here.field === field ? 'true' : undefined}>
                <strong>{school ? schoolShort(tm, school) : typeLabel(tm, record.type)}</strong>
                <span class="small">
                  {firstLine(titleOf(tm, record), 40)}: {kind === 'conflict' ? 'two answers' : 'two wordings'}
                </span>
                <span class="tiny soft">{fieldLabel(tm, record.type, field)}, {moment(at)}</span>
              </a>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

/** Set every field of the unit to what a version says. */
function keepVersion(c, tm, record, fields, values) {
  for (const field of fields) {
    const value = values[field]
    if (isWords(tm, record.type, field)) {
      if ((value ?? '') !== (record.fields[field] ?? '')) c.text(record.id, field, value ?? '')
    } else {
      c.set(record.id, field, value)
    }
  }
}

function Version({ item, version, shown, onKeep }) {
  const { tm } = useDesk()
  const { record, fields } = item
  const name = firstName(personName(tm, version.by))
  const facts = fields.filter((f) => !isWords(tm, record.type, f))
  const words = fields.filter((f) => isWords(tm, record.type, f))
  return (
    <section class="card ver" aria-label={`${name}’s answer of ${moment(version.at)}${shown ? ', shown now' : ''}`}>
      <div class="who">
        <Avatar id={version.by} />
        <div>
          <h2>{personName(tm, version.by)}</h2>
          <span class="small soft">
            {shown ? 'Shown everywhere now' : 'Kept, not shown'}
          </span>
        </div>
      </div>
      {facts.map((f) => (
        <p key={f}>
          <span class="soft small">{fieldLabel(tm, record.type, f)}</span><br />
          <strong>{valueWords(tm, record.type, f, version.values[f])}</strong>
        </p>
      ))}
      {words.map((f) => version.values[f] !== undefined && (
        <blockquote key={f}>{version.values[f]}</blockquote>
      ))}
      <dl class="facts">
        <dt>Written</dt><dd class="num">{moment(version.at)}</dd>
        {version.received > 0 && <>
          <dt>Arrived</dt><dd class="num">{moment(version.received)}</dd>
        </>}
      </dl>
      <button class="btn" onClick={onKeep}>Keep {name}’s</button>
    </section>
  )
}

function WriteAnew({ item, shown, onSettle }) {
  const { tm } = useDesk()
  const { record, fields } = item
  const [values, setValues] = useState(shown)
  return (
    <section class="card third" aria-labelledby="anew">
      <h2 id="anew">Or write what they agree</h2>
      {fields.map((field) => {
        const label = fieldLabel(tm, record.type, field)
        const { type, choices: list } = fieldOf(tm, record.type, field) ?? {}
        const set = (value) => setValues({ ...values, [field]: value })
        const read = (event) => set(event.currentTarget.value || undefined)
        if (type === 'choice') {
          return (
            <Choice key={field} label={label} name={`anew-${field}`} value={values[field]}
              choices={choices(tm, list)} onChoose={set} />
          )
        }
        return (
          <div class="field" key={field}>
            <label class="label" for={`anew-${field}`}>{label}</label>
            {type === 'text' ? (
              <textarea id={`anew-${field}`} rows={4} value={values[field] ?? ''} onInput={read} />
            ) : (
              <input id={`anew-${field}`} class="input" type={type === 'date' ? 'date' : 'text'}
                value={values[field] ?? ''} onInput={read} />
            )}
          </div>
        )
      })}
      <div>
        <button class="btn go" onClick={() => onSettle(values)}>
          <Icon name="check" />
          Settle on this
        </button>
      </div>
    </section>
  )
}

function Conflict({ item }) {
  const { tm } = useDesk()
  const save = useSave()
  const { record, fields } = item
  const { state, entries } = useHistory(record)
  const versions = versionsOf(record, fields, entries)
  const settle = (values) => save((c) => keepVersion(c, tm, record, fields, values))
  return (
    <>
      <p>
        Two people answered without seeing each other’s answer. Both are kept;
        until you settle it, everybody sees the first that arrived.
      </p>
      {state === 'offline' && (
        <p class="banner"><Icon name="clock" />The other version shows once there is a network.</p>
      )}
      <div class="versions">
        {versions.map((v, i) => (
          <Version key={v.version} item={item} version={v} shown={i === 0}
            onKeep={() => settle(v.values)} />
        ))}
      </div>
      <WriteAnew key={`${record.id}/${fields[0]}`} item={item} shown={versions[0].values} onSettle={settle} />
      <p class="small soft late-note">
        <Icon name="clock" />
        Your choice stays in the record’s history with your name, beside all the
        versions that it settles.
      </p>
    </>
  )
}

function Wording({ item }) {
  const { record, fields } = item
  return (
    <>
      <p>
        Two people rewrote the same words without seeing each other. Both
        wordings stand below, one after the other. Make one text of them; the
        flag goes with your change.
      </p>
      <div class="card pad settle-words">
        {fields.filter((f) => record.meta[f]?.checkWording).map((f) => (
          <TextBox key={f} record={record} field={f} hint="" />
        ))}
      </div>
    </>
  )
}

function Item({ item }) {
  const { tm } = useDesk()
  const { record, field, kind } = item
  const school = schoolOf(tm, record)
  const title = `${firstLine(titleOf(tm, record), 60)}: ` +
    (kind === 'conflict' ? 'two answers' : 'two wordings')
  return (
    <main class="page" tabIndex={-1}>
      <p class="soft small">
        {[school && schoolName(tm, school), typeLabel(tm, record.type),
          fieldLabel(tm, record.type, field)].filter(Boolean).join(', ')}
        {' '}· begun {plainDate(dateOf(new Date(record.created.at)))}
      </p>
      <div class="top">
        <Heading title="To settle">{title}</Heading>
        <StatusPill />
      </div>
      {kind === 'conflict' ? <Conflict item={item} /> : <Wording item={item} />}
      <a class="btn quiet" href={to('record', record.id)}>
        The whole record and its history
        <Icon name="right" />
      </a>
    </main>
  )
}

/** @param {{ id?: string, field?: string }} props */
export function Decide({ id, field }) {
  const items = useLive(toSettle)
  const here = items.find((i) => i.record.id === id && (!field || i.field === field)) ??
    items[0]
  if (!here) {
    return (
      <main class="page" tabIndex={-1}>
        <div class="top">
          <Heading title="To settle">Nothing to settle</Heading>
          <StatusPill />
        </div>
        <p class="card pad">
          <Icon name="check" /> {count(0, 'record')} needs a person. What met was
          joined, and both sides’ words stand.
        </p>
      </main>
    )
  }
  return (
    <div class="queue-lay">
      <Queue items={items} here={here} />
      <Item key={`${here.record.id}/${here.field}`} item={here} />
    </div>
  )
}
