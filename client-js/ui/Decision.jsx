/**
 * Two people answered the same question without seeing each other's answer:
 * both, side by side, with who and when; keep one, or write what they agree.
 */
import { useState } from 'preact/hooks'
import { Avatar, toneOf } from './Avatar.jsx'
import { Choice } from './Chips.jsx'
import { parts } from './diff.js'
import { firstName, listed, moment } from './format.js'
import { Icon } from './icons.jsx'
import { useDesk } from './live.js'
import { personName } from './model.js'
import { decider, mayDecide, unitFields, unitLabel } from './rights.js'
import { useSave } from './save.js'
import { isText, valueWords } from './value.js'
import { choices, fieldLabel, fieldOf } from './words.js'

/** A grade's number, where a value is one step of a scale. */
function stepOf(tm, type, field, value) {
  const { order, choices: list } = fieldOf(tm, type, field) ?? {}
  if (list !== 'standard' && list !== 'maturity') return undefined
  return order?.indexOf(value) + 1 || undefined
}

/** A text with what the other one does not say. */
function Words({ text, other }) {
  if (!other) return text
  return parts(other, text).map(({ kind, text: words }, i) => {
    if (kind === 'gone') return null
    return kind === 'new' ? <ins key={i}>{words}</ins> : words
  })
}

/** @param {{ conflict: any, n: number, received?: number,
 *   onKeep?: () => void }} props */
function Card({ conflict, n, received, onKeep }) {
  const { tm } = useDesk()
  const { type } = tm.get(conflict.record)
  const version = conflict.values[n]
  const other = conflict.values[n ? 0 : 1]
  const name = firstName(personName(tm, version.by))
  const fields = unitFields(tm, type, conflict.field)
  const [judged] = fields
  const value = version.values[judged]
  const step = stepOf(tm, type, judged, value)
  const words = valueWords(tm, type, judged, value)
  const keeps = step ? `${name}’s ${step}` : `${name}’s`
  return (
    <section
      class={`card ver ${toneOf(version.by)}`}
      aria-label={`${name}’s answer`}
    >
      <div class="who">
        <Avatar id={version.by} />
        <div>
          <h2>{personName(tm, version.by)}</h2>
          <span class="small soft">
            {n ? 'Kept, not shown' : 'Shown everywhere now'}
          </span>
        </div>
        {step && <span class={`mini big s${step}`}>{step}</span>}
      </div>
      <p class="answer">{words}</p>
      {fields.slice(1).map(
        (f) =>
          version.values[f] && (
            <blockquote key={f}>
              <Words text={version.values[f]} other={other?.values[f]} />
            </blockquote>
          ),
      )}
      <dl class="facts">
        <dt>Written</dt>
        <dd class="num">{moment(version.at)}</dd>
        {received > 0 && (
          <>
            <dt>Arrived</dt>
            <dd class="num">{moment(received)}</dd>
          </>
        )}
      </dl>
      {onKeep && (
        <button class="btn" onClick={onKeep}>
          Keep {keeps}
        </button>
      )}
    </section>
  )
}

/** What both say once, then what each says alone. */
function joined(a = '', b = '') {
  if (!a || !b || a === b) return a || b
  let n = 0
  while (n < Math.min(a.length, b.length) && a[n] === b[n]) n += 1
  const same = a.slice(0, n).lastIndexOf(' ') + 1
  const rest = b.slice(same)
  return a.endsWith(rest) ? a : `${a} ${rest}`
}

/** Where an answer of one's own begins. */
function agreed(tm, type, { field, values }) {
  const [first, second] = values
  return Object.fromEntries(
    unitFields(tm, type, field).map((f) => [
      f,
      isText(tm, type, f)
        ? joined(first.values[f], second?.values[f])
        : first.values[f],
    ]),
  )
}

function Field({ type, field, value, onChange }) {
  const { tm } = useDesk()
  const { type: kind, choices: list } = fieldOf(tm, type, field) ?? {}
  const label = fieldLabel(tm, type, field)
  const id = `anew-${field}`
  const read = (event) => onChange(event.currentTarget.value || undefined)
  if (kind === 'choice') {
    return (
      <Choice
        label={label}
        name={id}
        value={value}
        choices={choices(tm, list)}
        onChoose={onChange}
      />
    )
  }
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      {kind === 'text' ? (
        <textarea id={id} rows={3} value={value ?? ''} onInput={read} />
      ) : (
        <input
          id={id}
          class="input"
          type={kind === 'date' ? 'date' : 'text'}
          value={value ?? ''}
          onInput={read}
        />
      )}
    </div>
  )
}

function Anew({ conflict, onSettle }) {
  const { tm } = useDesk()
  const { type } = tm.get(conflict.record)
  const [values, setValues] = useState(() => agreed(tm, type, conflict))
  return (
    <section class="card third" aria-labelledby={`anew-${conflict.id}`}>
      <h2 id={`anew-${conflict.id}`}>Or write what they agree</h2>
      {unitFields(tm, type, conflict.field).map((field) => (
        <Field
          key={field}
          type={type}
          field={field}
          value={values[field]}
          onChange={(value) => setValues({ ...values, [field]: value })}
        />
      ))}
      <button class="btn go" onClick={() => onSettle(values)}>
        <Icon name="check" />
        Settle on this
      </button>
    </section>
  )
}

const Answered = () => (
  <p class="banner">
    <Icon name="check" />
    You have decided. It counts everywhere once it has been sent.
  </p>
)

/** For those who look on. */
function Discussed({ conflict }) {
  const { tm } = useDesk()
  const { type } = tm.get(conflict.record)
  const unit = unitLabel(tm, type, conflict.field)
  const [judged] = unitFields(tm, type, conflict.field)
  const said = conflict.values.map(
    (v) =>
      `${firstName(personName(tm, v.by))}: ` +
      valueWords(tm, type, judged, v.values[judged]),
  )
  return (
    <div class="banner quiet">
      <Icon name="hand" />
      <div>
        <strong>The {unit} is being discussed.</strong> {listed(said)}.{' '}
        {decider(tm, conflict)} decides; until then the first stands.
      </div>
    </div>
  )
}

/** @param {{ conflict: any, entries?: any[] }} props
 *   `entries`: the record's history, where it is known */
export function Decision({ conflict, entries = [] }) {
  const { tm } = useDesk()
  const save = useSave()
  if (conflict.answered) return <Answered />
  if (!mayDecide(tm, conflict)) return <Discussed conflict={conflict} />
  const settle = (values) => save((c) => c.decide(conflict.id, values))
  return (
    <>
      <div class="versions">
        {conflict.values.map((v, n) => (
          <Card
            key={v.version}
            conflict={conflict}
            n={n}
            received={arrival(entries, v)}
            onKeep={() => settle(v.values)}
          />
        ))}
      </div>
      <Anew key={conflict.id} conflict={conflict} onSettle={settle} />
    </>
  )
}

/** When a version reached the server. @param {any[]} entries */
export const arrival = (entries, { version }) =>
  entries.find((e) => e.version === version)?.received ?? 0
