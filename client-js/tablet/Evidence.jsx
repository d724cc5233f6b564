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
  ['heard', 'Heard', 'ear',
    ['pupil_voice', 'parent_voice', 'staff_voice', 'leader_meeting']],
  ['read', 'Read', 'book',
    ['work_scrutiny', 'plan_sample', 'document', 'data', 'website']],
]

const wayOf = (kind) => WAYS.find(([, , , kinds]) => kinds.includes(kind)) ?? WAYS[0]

function Kind({ record, readOnly }) {
  const { tm } = useDesk()
  const save = useSave()
  const { kind } = record.fields
  const [way, , , kinds] = wayOf(kind)
  const set = (value) => save((c) => c.set(record.id, 'kind', value))
  const words = new Map(choices(tm, 'evidence_kind'))
  return (
    <>
      <Choice label="How do you know?" name="way" joined value={way}
        disabled={readOnly}
        choices={WAYS.map(([name, label, icon]) => [name, label, icon])}
        onChoose={(next) => set(WAYS.find(([name]) => name === next)[3][0])} />
      <div class="kinds">
        <Choice label="More exactly" name="kind" value={kind} disabled={readOnly}
          choices={kinds.map((each) => [each, words.get(each) ?? each])}
          onChoose={set} />
      </div>
    </>
  )
}

function Remove({ record, onRemoved }) {
  const save = useSave()
  const [sure, setSure] = useState(false)
  if (!sure) {
    return (
      <button class="btn quiet" onClick={() => setSure(true)}>Remove this note</button>
    )
  }
  return (
    <div class="row">
      <span class="small">Remove it for everybody?</span>
      <button class="btn slim" onClick={async () => {
        await save((c) => c.delete(record.id))
        onRemoved()
      }}>
        Remove
      </button>
      <button class="btn slim" onClick={() => setSure(false)}>Keep</button>
    </div>
  )
}

/** Its author may remove a note, as may whoever the schema lets.
 *  @param {any} tm @param {any} record */
const mayRemove = (tm, record) =>
  record.fields.by === tm.person.id || tm.may('delete', 'evidence', record.bucket)

/** @param {{ record: any, readOnly: boolean, lines?: boolean,
 *   onRemoved: () => void }} props `lines`: also the lines of enquiry */
export function Evidence({ record, readOnly, lines, onRemoved }) {
  const { tm } = useDesk()
  const save = useSave()
  const f = record.fields
  const fresh = !f.summary && !f.detail
  return (
    <div class="capture">
      <Chips label="Framework area" choices={choices(tm, 'area')}
        chosen={f.areas ?? []} disabled={readOnly}
        onAdd={(area) => save((c) => c.add(record.id, 'areas', area))}
        onRemove={(area) => save((c) => c.remove(record.id, 'areas', area))} />
      {lines && (
        <Chips label="Line of enquiry" choices={choices(tm, 'line')}
          chosen={f.lines ?? []} disabled={readOnly}
          onAdd={(line) => save((c) => c.add(record.id, 'lines', line))}
          onRemove={(line) => save((c) => c.remove(record.id, 'lines', line))} />
      )}
      <div class="ways">
        <Kind record={record} readOnly={readOnly} />
        <Choice label="It points to" name="points" joined value={f.points_to}
          choices={[['strength', 'A strength'], ['development', 'A next step'],
            ['mixed', 'A mixed picture']]}
          disabled={readOnly}
          onChoose={(value) => save((c) => c.set(record.id, 'points_to', value))} />
      </div>
      <TextBox record={record} field="summary" line label="In one line"
        hint="" readOnly={readOnly} focus={fresh && !readOnly}
        placeholder="This shows in lists and in the report" />
      <TextBox record={record} field="detail" large readOnly={readOnly}
        hint="Practice, not a person: no names, no grade for a lesson." />
      {!readOnly && mayRemove(tm, record) && (
        <Remove record={record} onRemoved={onRemoved} />
      )}
    </div>
  )
}

