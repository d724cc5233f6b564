/**
 * One piece of evidence: what was seen, heard or read, in which area, and what
 * it points to. Words come first; the rest are taps.
 */
import { useState } from 'preact/hooks'
import { Chips, Choice } from '../ui/Chips.jsx'
import { useDesk } from '../ui/live.js'
import { useSave } from '../ui/save.js'
import { TextBox } from '../ui/TextBox.jsx'
import { choices } from '../ui/words.js'

/** How somebody knows a thing, and the kinds of evidence each way gives. */
const WAYS = [
  ['saw', 'Saw', 'eye', ['learning_walk', 'environment', 'provision']],
  [
    'heard',
    'Heard',
    'ear',
    ['pupil_voice', 'parent_voice', 'staff_voice', 'leader_meeting'],
  ],
  [
    'read',
    'Read',
    'book',
    ['work_scrutiny', 'plan_sample', 'document', 'data', 'website'],
  ],
]

const wayOf = (kind) =>
  WAYS.find(([, , , kinds]) => kinds.includes(kind)) ?? WAYS[0]

/** Saw, heard or read; beside it what it points to; below, more exactly how. */
function Ways({ record, readOnly }) {
  const { tm } = useDesk()
  const save = useSave()
  const { kind, points_to: points } = record.fields
  const [way, , , kinds] = wayOf(kind)
  const set = (field) => (value) => save((c) => c.set(record.id, field, value))
  const words = new Map(choices(tm, 'evidence_kind'))
  return (
    <div class="ways">
      <Choice
        label="How do you know?"
        name="way"
        joined
        value={way}
        disabled={readOnly}
        choices={WAYS.map(([name, label, icon]) => [name, label, icon])}
        onChoose={(next) =>
          set('kind')(WAYS.find(([name]) => name === next)[3][0])
        }
      />
      <Choice
        label="It points to"
        name="points"
        joined
        value={points}
        choices={[
          ['strength', 'A strength'],
          ['development', 'A next step'],
          ['mixed', 'A mixed picture'],
        ]}
        disabled={readOnly}
        onChoose={set('points_to')}
      />
      <div class="kinds">
        <Choice
          label="More exactly"
          name="kind"
          value={kind}
          hideLabel
          disabled={readOnly}
          choices={kinds.map((each) => [each, words.get(each) ?? each])}
          onChoose={set('kind')}
        />
      </div>
    </div>
  )
}

function Remove({ record, onRemoved }) {
  const save = useSave()
  const [sure, setSure] = useState(false)
  if (!sure) {
    return (
      <button class="btn quiet" onClick={() => setSure(true)}>
        Remove this note
      </button>
    )
  }
  return (
    <div class="row">
      <span class="small">Remove it for everybody?</span>
      <button
        class="btn slim"
        onClick={async () => {
          await save((c) => c.delete(record.id))
          onRemoved()
        }}
      >
        Remove
      </button>
      <button class="btn slim" onClick={() => setSure(false)}>
        Keep
      </button>
    </div>
  )
}

/** Its author may remove a note, as may whoever the schema lets.
 *  @param {any} tm @param {any} record */
const mayRemove = (tm, record) =>
  record.fields.by === tm.person.id ||
  tm.may('delete', 'evidence', record.bucket)

/** @param {{ record: any, readOnly: boolean, lines?: boolean,
 *   onRemoved: () => void }} props `lines`: also the lines of enquiry */
export function Evidence({ record, readOnly, lines, onRemoved }) {
  const { tm } = useDesk()
  const save = useSave()
  const f = record.fields
  const fresh = !f.summary && !f.detail
  return (
    <div class="capture">
      <Chips
        label="Framework area"
        choices={choices(tm, 'area')}
        chosen={f.areas ?? []}
        disabled={readOnly}
        onAdd={(area) => save((c) => c.add(record.id, 'areas', area))}
        onRemove={(area) => save((c) => c.remove(record.id, 'areas', area))}
      />
      {lines && (
        <Chips
          label="Line of enquiry"
          choices={choices(tm, 'line')}
          chosen={f.lines ?? []}
          disabled={readOnly}
          onAdd={(line) => save((c) => c.add(record.id, 'lines', line))}
          onRemove={(line) => save((c) => c.remove(record.id, 'lines', line))}
        />
      )}
      <Ways record={record} readOnly={readOnly} />
      <TextBox
        record={record}
        field="summary"
        line
        label="In one line"
        hint=""
        readOnly={readOnly}
        focus={fresh && !readOnly}
        placeholder="This shows in lists and in the report"
      />
      <TextBox
        record={record}
        field="detail"
        large
        readOnly={readOnly}
        hint=""
      />
      {!readOnly && mayRemove(tm, record) && (
        <Remove record={record} onRemoved={onRemoved} />
      )}
    </div>
  )
}
