/**
 * What a record asks of somebody, above its words: a decision, a late change,
 * whether it is there twice; and what is only to be known.
 */
import { Decision } from '../ui/Decision.jsx'
import { useHistory } from '../ui/history.js'
import { useDesk, useLive, useStatus } from '../ui/live.js'
import { heldWords } from '../ui/words.js'
import { Icon } from '../ui/icons.jsx'
import { LateChange } from '../ui/LateChange.jsx'
import { titleOf } from '../ui/model.js'
import { Notices } from '../ui/Notices.jsx'
import { aboutOf, mayDecide, together, unitLabel } from '../ui/rights.js'
import { go } from '../ui/route.js'
import { twins } from '../ui/asks.js'
import { Twins } from '../ui/Twins.jsx'
import { Wording } from '../ui/Wording.jsx'

/** One open decision about a record or a part of it. */
function Ask({ conflict }) {
  const { tm } = useDesk()
  const record = tm.get(conflict.record)
  const { entries } = useHistory(record)
  const unit = unitLabel(tm, record.type, conflict.field)
  const mine = mayDecide(tm, conflict) && !conflict.answered
  const where = record.type === 'judgement' ? `${titleOf(tm, record)}: ` : ''
  if (!mine) return <Decision conflict={conflict} />
  return (
    <section class="asks" aria-label={`Needs a decision: ${where}${unit}`}>
      <h2>
        <Icon name="hand" />
        {where ? `${where}two` : 'Two'} answers for the {unit}
      </h2>
      <p class="small soft">
        Two people answered without seeing each other’s answer. Nothing is lost:
        both are kept, and you decide.
      </p>
      <Decision conflict={conflict} entries={entries} />
    </section>
  )
}

function Twin({ notice, id }) {
  return (
    <section class="asks" aria-label="May be there twice">
      <h2>
        <Icon name="merge" />
        Is this one visit, or two?
      </h2>
      <p class="small soft">Two notes are about the same school and day.</p>
      <Twins
        notice={notice}
        onJoined={(into) => into !== id && go('visit', into)}
      />
    </section>
  )
}

/** What we wrote after the signature, before anybody has looked at it. */
function Held({ ids }) {
  const held = useLive(
    (tm) => tm.held().filter(({ record }) => ids.includes(record)),
    [ids.join()],
  )
  const known = useLive(
    (tm) =>
      tm.amendments().filter((one) => ids.includes(aboutOf(tm, one)?.id))
        .length,
    [ids.join()],
  )
  if (held.length === 0 || known > 0) return null
  return (
    <p class="banner quiet">
      <Icon name="clock" />
      <span>
        <strong>Held:</strong> what you wrote is safe. {heldWords(held[0])}
      </span>
    </p>
  )
}

const wordingOf = (record) =>
  Object.keys(record.meta).filter((field) => record.meta[field].checkWording)

/** @param {{ record: any, readOnly: boolean }} props */
export function Asks({ record, readOnly }) {
  useStatus()
  const { id } = record
  const all = useLive((tm) => together(tm, record), [record])
  const ids = all.map((one) => one.id)
  const key = ids.join()
  const conflicts = useLive(
    (tm) => ids.flatMap((one) => tm.conflicts(one)),
    [key],
  )
  const late = useLive(
    (tm) => tm.amendments().filter((one) => ids.includes(aboutOf(tm, one)?.id)),
    [key],
  )
  const alike = useLive((tm) => twins(tm, id), [id])
  return (
    <>
      {conflicts.map((conflict) => (
        <Ask key={conflict.id} conflict={conflict} />
      ))}
      {late.map((amendment) => (
        <LateChange key={amendment.id} amendment={amendment} />
      ))}
      {alike.map(({ item }) => (
        <Twin key={item.id} notice={item} id={id} />
      ))}
      {!readOnly &&
        wordingOf(record).map((field) => (
          <Wording key={field} record={record} field={field} />
        ))}
      <Held ids={ids} />
      {ids.map((one) => (
        <Notices key={one} id={one} />
      ))}
    </>
  )
}
