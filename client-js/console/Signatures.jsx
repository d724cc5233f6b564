/** Who signed a record, when, as what, and what came of it. */
import { moment } from '../ui/format.js'
import { Icon } from '../ui/icons.jsx'
import { useDesk, useLive } from '../ui/live.js'
import { personName } from '../ui/model.js'
import { choiceLabel } from '../ui/words.js'

const roleWords = (role = '') => role.replaceAll('_', ' ')

/** @param {{ id: string }} props */
export function Signatures({ id }) {
  const { tm } = useDesk()
  const all = useLive((client) => client.signoffs(id), [id])
  if (all.length === 0) return null
  return (
    <section class="card pad" aria-labelledby="signed">
      <h2 id="signed">Signatures</h2>
      <ul class="rows">
        {all.map((s) => (
          <li key={s.id}>
            <div class="main">
              <strong>{personName(tm, s.by)}</strong>
              <div class="tiny soft">
                {[
                  moment(s.at),
                  `revision ${s.revision}`,
                  s.asRole && `as ${roleWords(s.asRole)}`,
                ]
                  .filter(Boolean)
                  .join(', ')}
              </div>
            </div>
            <span class={s.outcome === 'signed' ? 'tag sent' : 'tag wait'}>
              <Icon name={s.outcome === 'signed' ? 'pen' : 'clock'} />
              {s.outcome
                ? choiceLabel(tm, 'sign_outcome', s.outcome)
                : 'Not sent yet'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
