/** A signed record is opened again, with a reason that stays with it. */
import { useId, useState } from 'preact/hooks'
import { Icon } from '../ui/icons.jsx'
import { useSave } from '../ui/save.js'

/** @param {{ record: any }} props */
export function Reopen({ record }) {
  const save = useSave()
  const id = useId()
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  if (!asking) {
    return (
      <div>
        <button class="btn slim" onClick={() => setAsking(true)}>
          <Icon name="pen" />
          Open it again
        </button>
      </div>
    )
  }
  const reopen = async (event) => {
    event.preventDefault()
    if (!reason.trim()) return
    await save((c) => c.reopen(record.id, reason.trim()))
    setAsking(false)
  }
  return (
    <form class="stack" onSubmit={reopen}>
      <div class="field">
        <label class="label" for={id}>
          Why it is opened again
        </label>
        <p class="hint" id={`${id}-hint`}>
          The shared copy stays with the school until you sign anew.
        </p>
        <input
          id={id}
          class="input"
          required
          maxLength={600}
          aria-describedby={`${id}-hint`}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
          ref={(box) => box && !reason && box.focus()}
        />
      </div>
      <div class="row">
        <button class="btn go">Open it again</button>
        <button class="btn" type="button" onClick={() => setAsking(false)}>
          Leave it signed
        </button>
      </div>
    </form>
  )
}
