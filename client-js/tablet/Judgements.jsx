/**
 * The judgements of a review, one line of enquiry a row: the grade agreed, and
 * because of what. What each reviewer would give stands beside it, since a
 * difference of opinion is shown, not merged.
 */
import { count, firstName } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { evidence, personName } from '../ui/model.js'
import { useSave } from '../ui/save.js'
import { TextBox, Under } from '../ui/TextBox.jsx'
import { choices } from '../ui/words.js'

function rowsOf(tm, review) {
  const lines = review.fields.lines ?? []
  const notes = evidence(tm, review.id)
  return choices(tm, 'line')
    .filter(([line]) => lines.length === 0 || lines.includes(line))
    .map(([line, words]) => ({
      line,
      words,
      judgement: tm.list(
        'judgement',
        (j) => j.fields.review === review.id && j.fields.line === line,
      )[0],
      views: tm.list(
        'reviewer_view',
        (v) =>
          v.fields.review === review.id &&
          v.fields.line === line &&
          v.fields.grade,
      ),
      notes: notes.filter((n) => n.fields.lines?.includes(line)).length,
    }))
}

function Views({ views, grade, scale }) {
  const { tm } = useDesk()
  return views
    .filter((v) => v.fields.grade !== grade)
    .map((v) => {
      const n = scale.findIndex(([name]) => name === v.fields.grade) + 1
      return (
        <span key={v.id} class="tag ask">
          {firstName(personName(tm, v.fields.reviewer))} would give {n}
        </span>
      )
    })
}

function Grades({ row, review, scale, readOnly }) {
  const { tm } = useDesk()
  const save = useSave()
  const { line, words, judgement } = row
  const choose = (grade) =>
    save((c) => {
      const id =
        judgement?.id ??
        c.create('judgement', review.bucket, { review: review.id, line })
      c.set(id, 'grade', grade)
      c.add(id, 'agreed_by', tm.person.id)
    })
  return (
    <fieldset class="scale">
      <legend class="visually-hidden">{words}: grade</legend>
      {scale.map(([grade, label], i) => (
        <label key={grade} class={`cell s${i + 1}`}>
          <input
            type="radio"
            name={`grade-${line}`}
            disabled={readOnly}
            aria-label={`${i + 1} ${label}`}
            checked={judgement?.fields.grade === grade}
            onChange={() => choose(grade)}
          />
          <span>{i + 1}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Row({ row, review, scale, readOnly }) {
  const { judgement, words, notes, views } = row
  const grade = judgement?.fields.grade
  const label = scale.find(([name]) => name === grade)?.[1]
  return (
    <div class="line">
      <div>
        <h3>{words}</h3>
        <div class="meta">
          <span class={notes ? 'tag' : 'tag wait'}>
            {notes ? count(notes, 'note') : 'No notes yet'}
          </span>
          <Views views={views} grade={grade} scale={scale} />
        </div>
      </div>
      <div>
        <Grades row={row} review={review} scale={scale} readOnly={readOnly} />
        <p class="tiny soft chosen">{label ?? 'Not judged yet'}</p>
        {judgement && <Under record={judgement} field="grade" />}
      </div>
      <div class="why">
        {judgement ? (
          <TextBox
            record={judgement}
            field="rationale"
            label={`${words}: because`}
            hideLabel
            hint=""
            readOnly={readOnly}
          />
        ) : (
          <p class="soft small">Choose a grade first, then write why.</p>
        )}
      </div>
    </div>
  )
}

/** @param {{ review: any, readOnly: boolean }} props */
export function Judgements({ review, readOnly }) {
  const { tm } = useDesk()
  const rows = useLive((client) => rowsOf(client, review), [review])
  const scale = choices(tm, 'standard')
  const left = rows.filter((row) => !row.judgement?.fields.grade).length
  return (
    <section aria-labelledby="judgements">
      <div class="sec">
        <h2 id="judgements">Judgements</h2>
        <span class="small soft">
          {left ? `${count(left, 'line')} to judge` : 'Every line is judged'}
        </span>
      </div>
      <p class="key tiny soft">
        {scale.map(([name, label], i) => (
          <span key={name}>
            <span class={`mini s${i + 1}`} aria-hidden="true">
              {i + 1}
            </span>
            {label}
          </span>
        ))}
      </p>
      <div class="card judgements">
        {rows.map((row) => (
          <Row
            key={row.line}
            row={row}
            review={review}
            scale={scale}
            readOnly={readOnly}
          />
        ))}
      </div>
      <p class="tiny soft note">
        <Icon name="lock" />
        Only the review team sees this until it is signed and shared.
      </p>
    </section>
  )
}
