/**
 * A change that came after the signature: what was written, by whom and when;
 * whoever may sign takes it in, or leaves it out and says why.
 */
import { useId, useState } from 'preact/hooks'
import { Avatar } from './Avatar.jsx'
import { Change } from './Change.jsx'
import { moment } from './format.js'
import { Icon } from './icons.jsx'
import { useDesk } from './live.js'
import { personName, titleOf } from './model.js'
import { aboutOf, isSigned, maySettle, whole } from './rights.js'
import { useSave } from './save.js'
import { fieldLabel, typeLabel } from './words.js'

const WHY = {
  'after sign-off': 'It reached the trust after this was signed.',
  'access had ended': 'It was written after their access here had ended.',
  'from a lost device': 'It was written on a device that was reported lost.',
  'not allowed': 'They may read this, but not change it.',
}

// What a new record says of itself, and nobody needs to read.
const QUIET = new Set(['parent', 'school', 'by', 'seen_at', 'record', 'review'])

function Line({ edit, record }) {
  const { tm } = useDesk()
  const about = tm.get(edit.record)
  const type = about?.type ?? (edit.op === 'create' ? 'evidence' : record.type)
  if (edit.field === 'record') {
    const words = {
      create: 'Begun',
      delete: 'Removed',
      restore: 'Brought back',
    }
    return (
      <>
        <dt>{typeLabel(tm, type)}</dt>
        <dd>{words[edit.op] ?? edit.op}</dd>
      </>
    )
  }
  return (
    <>
      <dt>{fieldLabel(tm, type, edit.field)}</dt>
      <dd>
        <Change
          type={type}
          field={edit.field}
          old={edit.op === 'add' ? undefined : about?.fields[edit.field]}
          now={edit.value}
          known
        />
        {edit.op === 'remove' && ' (taken away)'}
      </dd>
    </>
  )
}

function Decline({ onDecline, onCancel }) {
  const id = useId()
  const [reason, setReason] = useState('')
  const send = (event) => {
    event.preventDefault()
    if (reason.trim()) onDecline(reason.trim())
  }
  return (
    <form class="stack" onSubmit={send}>
      <div class="field">
        <label class="label" for={id}>
          Why it is left out
        </label>
        <input
          id={id}
          class="input"
          maxLength={400}
          required
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
          ref={(box) => box && !reason && box.focus()}
        />
      </div>
      <div class="row">
        <button class="btn go">Leave it out</button>
        <button class="btn" type="button" onClick={onCancel}>
          Not yet
        </button>
      </div>
    </form>
  )
}

function Buttons({ amendment, record }) {
  const save = useSave()
  const [declining, setDeclining] = useState(false)
  const settle = (decision, reason) =>
    save((c) => c.settle(amendment.id, decision, reason))
  if (declining) {
    return (
      <Decline
        onDecline={(reason) => settle('decline', reason)}
        onCancel={() => setDeclining(false)}
      />
    )
  }
  return (
    <div class="row">
      <button class="btn go" onClick={() => settle('accept')}>
        <Icon name="check" />
        Take it in
      </button>
      <button class="btn" onClick={() => setDeclining(true)}>
        Leave it out
      </button>
      {isSigned(record) && (
        <span class="small soft">
          Taken in, this becomes revision {(record.fields.revision ?? 1) + 1}.
        </span>
      )}
    </div>
  )
}

/** @param {{ amendment: any }} props */
export function LateChange({ amendment }) {
  const { tm } = useDesk()
  const about = aboutOf(tm, amendment)
  const record = whole(tm, about)
  const mine = amendment.by === tm.person.id
  const name = mine ? 'You' : personName(tm, amendment.by)
  const edits = amendment.change.filter(({ field }) => !QUIET.has(field))
  const may = maySettle(tm, amendment)
  return (
    <section class="card pad late-change" aria-label={`A late change: ${name}`}>
      <div class="who">
        <Avatar id={amendment.by} />
        <div>
          <h2>
            {name} wrote this later
            {about !== record && about && `: ${titleOf(tm, about)}`}
          </h2>
          <span class="small soft">
            {moment(amendment.made)}. {WHY[amendment.whyHeld]}
          </span>
        </div>
        <span class="tag ask">
          <Icon name="clock" />
          Held
        </span>
      </div>
      <dl class="edits">
        {edits.map((edit, i) => (
          <Line key={i} edit={edit} record={about ?? { type: '' }} />
        ))}
      </dl>
      {may ? (
        <Buttons amendment={amendment} record={record} />
      ) : (
        <p class="small soft">
          It is safe. Whoever may sign this decides what becomes of it.
        </p>
      )}
    </section>
  )
}
