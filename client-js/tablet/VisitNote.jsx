/** The note of a visit, section by section, in the order of the paper form. */
import { Chips } from '../ui/Chips.jsx'
import { Fact } from '../ui/Fact.jsx'
import { useDesk } from '../ui/live.js'
import { personName } from '../ui/model.js'
import { useSave } from '../ui/save.js'
import { TextBox } from '../ui/TextBox.jsx'
import { choices } from '../ui/words.js'
import { ActionsOf } from './Actions.jsx'

const SECTIONS = [
  'purpose',
  'since_last',
  'strengths',
  'findings',
  'impact',
  'next_steps',
  'support',
]

// The schema's hint on names is long, and the list beside says it shortly.
const HINTS = {
  strengths: 'Describe practice, not a person.',
  findings:
    'No names, initials or dates of birth. In small groups describe widely: “a pupil in Key Stage 2”.',
  next_steps: 'Who will do what by when.',
}

/** @param {{ visit: any, readOnly: boolean }} props */
export function VisitNote({ visit, readOnly }) {
  const { tm } = useDesk()
  const save = useSave()
  const areas = visit.fields.areas ?? []
  return (
    <div class="note-form">
      <div class="facts-row">
        <Fact record={visit} field="date" readOnly={readOnly} />
        <Fact record={visit} field="kind" readOnly={readOnly} />
        <div class="field">
          <span class="label">Written by</span>
          <p class="given">{personName(tm, visit.fields.lead)}</p>
        </div>
      </div>
      <Chips
        label="Framework areas"
        choices={choices(tm, 'area')}
        chosen={areas}
        disabled={readOnly}
        onAdd={(area) => save((c) => c.add(visit.id, 'areas', area))}
        onRemove={(area) => save((c) => c.remove(visit.id, 'areas', area))}
      />
      <TextBox
        record={visit}
        field="with_roles"
        label="Met with"
        line
        hint="Roles are enough: SENDCo, Year 4 teachers."
        readOnly={readOnly}
      />
      {SECTIONS.map((name) => (
        <TextBox
          key={name}
          record={visit}
          field={name}
          hint={HINTS[name]}
          readOnly={readOnly}
        />
      ))}
      <div class="facts-row">
        <Fact record={visit} field="support_level" readOnly={readOnly} />
        <Fact record={visit} field="next_visit" readOnly={readOnly} />
      </div>
      <ActionsOf
        parent={visit}
        school={visit.fields.school}
        title="Actions agreed"
      />
    </div>
  )
}
