/**
 * What a signer had not seen: the fields that others wrote meanwhile, with what
 * went and what came. Without a network, what they say now.
 */
import { Change } from '../ui/Change.jsx'
import { moment } from '../ui/format.js'
import { useHistory } from '../ui/history.js'
import { valueAt } from '../ui/library.js'
import { useDesk } from '../ui/live.js'
import { personName, titleOf } from '../ui/model.js'
import { together } from '../ui/rights.js'
import { fieldLabel, typeLabel } from '../ui/words.js'

/** Up to which version its signer had surely seen everything: the newest row
 *  below the first that differs. */
function seenUpTo(tm, { record, differs }) {
  const first = Math.min(...differs.map(({ version }) => version))
  const versions = together(tm, tm.get(record))
    .flatMap(({ meta }) => Object.values(meta))
    .map(({ version }) => version ?? 0)
    .filter((version) => version < first)
  return Math.max(0, ...versions)
}

function Field({ record, field, entries, seen }) {
  const { tm } = useDesk()
  const meta = record.meta[field] ?? {}
  return (
    <>
      <dt>
        {fieldLabel(tm, record.type, field)}
        <span class="tiny soft">
          {personName(tm, meta.by)}
          {meta.at && `, ${moment(meta.at)}`}
        </span>
      </dt>
      <dd>
        <Change
          type={record.type}
          field={field}
          old={valueAt(entries, field, seen)}
          now={record.fields[field]}
          known={entries.length > 0}
          whole
        />
      </dd>
    </>
  )
}

function Part({ record, main, fields, seen }) {
  const { tm } = useDesk()
  const { entries } = useHistory(record)
  const isNew = fields.includes('record')
  const shown = fields.filter(
    (f) =>
      f !== 'record' &&
      tm.schema.types[record.type]?.fields[f]?.merge !== 'once',
  )
  return (
    <>
      {!main && (
        <h3>
          {isNew && !record.deleted && 'New: '}
          {record.deleted && 'Removed: '}
          {typeLabel(tm, record.type)}, {titleOf(tm, record)}
        </h3>
      )}
      <dl class="edits">
        {!record.deleted &&
          shown.map((field) => (
            <Field
              key={field}
              record={record}
              field={field}
              entries={isNew ? [] : entries}
              seen={seen}
            />
          ))}
      </dl>
    </>
  )
}

/** @param {{ signoff: any }} props */
export function Difference({ signoff }) {
  const { tm } = useDesk()
  const seen = seenUpTo(tm, signoff)
  const ids = [...new Set(signoff.differs.map((d) => d.record))]
  return ids
    .map((id) => tm.get(id))
    .filter(Boolean)
    .map((record) => (
      <Part
        key={record.id}
        record={record}
        main={record.id === signoff.record}
        seen={seen}
        fields={signoff.differs
          .filter((d) => d.record === record.id)
          .map((d) => d.field)}
      />
    ))
}
