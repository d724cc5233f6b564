/** One plain fact of a record: a date or a choice, saved when it is chosen. */
import { useId } from 'preact/hooks'
import { useDesk } from './live.js'
import { Under } from './TextBox.jsx'
import { useSave } from './save.js'
import { choices, fieldLabel, fieldOf } from './words.js'

/** @param {{ record: any, field: string, label?: string, readOnly?: boolean }} props */
export function Fact({ record, field, label, readOnly }) {
  const { tm } = useDesk()
  const save = useSave()
  const id = useId()
  const { type, choices: list } = fieldOf(tm, record.type, field) ?? {}
  const value = record.fields[field] ?? ''
  const keep = (event) => {
    const next = event.currentTarget.value || undefined
    save((c) => c.set(record.id, field, next))
  }
  return (
    <div class="field">
      <label class="label" for={id}>
        {label ?? fieldLabel(tm, record.type, field)}
      </label>
      {type === 'date' ? (
        <input
          id={id}
          class="input"
          type="date"
          value={value}
          disabled={readOnly}
          onChange={keep}
        />
      ) : (
        <select id={id} value={value} disabled={readOnly} onChange={keep}>
          <option value="">Not chosen yet</option>
          {choices(tm, list).map(([each, words]) => (
            <option key={each} value={each}>
              {words}
            </option>
          ))}
        </select>
      )}
      <Under record={record} field={field} />
    </div>
  )
}
