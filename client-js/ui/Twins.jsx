/**
 * Two records that may be one visit: side by side. They are two, and the
 * question goes; or one takes over the words and the evidence of the other.
 */
import { Avatar, toneOf } from './Avatar.jsx'
import { Icon } from './icons.jsx'
import { useDesk, useLive } from './live.js'
import { evidence, personName, titleOf } from './model.js'
import { useSave } from './save.js'
import { valueWords } from './value.js'
import { count, moment } from './format.js'
import { fieldLabel } from './words.js'

const SHOWN = ['kind', 'purpose', 'strengths', 'findings', 'next_steps']

function Side({ record, onJoin }) {
  const { tm } = useDesk()
  const notes = useLive((client) => evidence(client, record.id), [record.id])
  const { by, at } = record.created
  const fields = SHOWN.filter((f) => record.fields[f])
  return (
    <section
      class={`card ver ${toneOf(by)}`}
      aria-label={`Begun by ${personName(tm, by)}`}
    >
      <div class="who">
        <Avatar id={by} />
        <div>
          <h2>{personName(tm, by)}</h2>
          <span class="small soft">
            {titleOf(tm, record)}, begun {moment(at)}
          </span>
        </div>
      </div>
      <dl class="edits">
        {fields.flatMap((f) => [
          <dt key={`${f}t`}>{fieldLabel(tm, record.type, f)}</dt>,
          <dd key={f}>{valueWords(tm, record.type, f, record.fields[f])}</dd>,
        ])}
      </dl>
      <p class="small soft">{count(notes.length, 'note')} of evidence</p>
      <button class="btn" onClick={onJoin}>
        Join them here
      </button>
    </section>
  )
}

/** The evidence of the one, written anew under the other: what a record
 *  belongs to is written once. */
function takeEvidence(tm, c, into, from) {
  for (const note of evidence(tm, from.id)) {
    c.create('evidence', into.bucket, { ...note.fields, parent: into.id })
    if (note.fields.by === tm.person.id) c.delete(note.id)
  }
}

/** @param {{ notice: any, onJoined?: (id: string) => void }} props */
export function Twins({ notice, onJoined = () => {} }) {
  const { tm } = useDesk()
  const save = useSave()
  const both = [tm.get(notice.record), tm.get(notice.other)]
  const join = async (into, from) => {
    await save((c) => {
      takeEvidence(tm, c, into, from)
      c.join(into.id, from.id)
      c.delete(notice.id)
    })
    onJoined(into.id)
  }
  return (
    <>
      <div class="versions">
        {both.map((record, n) => (
          <Side
            key={record.id}
            record={record}
            onJoin={() => join(record, both[1 - n])}
          />
        ))}
      </div>
      <div class="row">
        <button class="btn" onClick={() => save((c) => c.delete(notice.id))}>
          <Icon name="check" />
          They are two
        </button>
        <span class="small soft">
          Joined, the texts of both stand one below the other, and the note that
          is left can be brought back.
        </span>
      </div>
    </>
  )
}
