/**
 * A box for the words of one field. It saves by itself, takes in what others
 * write without disturbing who types, grows with its text, and says below,
 * quietly, who wrote last.
 */
import { useEffect, useId, useRef } from 'preact/hooks'
import { moment } from './format.js'
import { Icon } from './icons.jsx'
import { useDesk } from './live.js'
import { personName } from './model.js'
import { fieldHint, fieldLabel } from './words.js'

/** As tall as its text: where CSS cannot do it, the style object may. */
function grow(box) {
  if (box.tagName !== 'TEXTAREA') return
  box.style.setProperty('height', 'auto')
  box.style.setProperty('height', `${box.scrollHeight + 2}px`)
}

function useBox(draft, value) {
  const box = useRef(null)
  useEffect(() => {
    const element = box.current
    draft.bind(element)
    grow(element)
    const grown = () => grow(element)
    element.addEventListener('tidemark-grown', grown)
    addEventListener('resize', grown)
    return () => {
      removeEventListener('resize', grown)
      element.removeEventListener('tidemark-grown', grown)
      draft.bind(null)
      draft.flush()
    }
  }, [draft])
  useEffect(() => draft.arrived(), [draft, value])
  return box
}

/** Who wrote a field last, and what needs a look. @param {any} props */
export function Under({ record, field, draft, own = false }) {
  const { tm } = useDesk()
  const meta = record.meta[field]
  if (draft?.state.value === 'failed') {
    return (
      <p class="under">
        <span class="tag ask">
          <Icon name="alarm" />
          Not saved
        </span>
      </p>
    )
  }
  if (!meta) return null
  const mine = meta.by === tm.person.id
  return (
    <p class="under">
      {meta.conflict && (
        <span class="tag ask">
          <Icon name="hand" />
          Needs a decision
        </span>
      )}
      {meta.checkWording && (
        <span class="tag wait">
          <Icon name="talk" />
          Check wording: two people changed the same words, and both stand
        </span>
      )}
      {(!mine || own) && record.fields[field] !== undefined && (
        <span>
          {mine ? 'You' : personName(tm, meta.by)}, {moment(meta.at)}
        </span>
      )}
    </p>
  )
}

/**
 * @param {{ record: any, field: string, label?: string, hint?: string,
 *   line?: boolean, readOnly?: boolean, large?: boolean, hideLabel?: boolean,
 *   placeholder?: string, focus?: boolean, type?: string }} props
 *   `line`: one line only
 */
export function TextBox(props) {
  const { record, field, line = false, readOnly = false } = props
  const { tm, drafts } = useDesk()
  const id = useId()
  const kind = line ? 'string' : 'text'
  const draft = drafts.of(record.id, field, kind)
  const box = useBox(draft, record.fields[field])
  const label = props.label ?? fieldLabel(tm, record.type, field)
  const hint = props.hint ?? fieldHint(tm, record.type, field)
  const Element = line ? 'input' : 'textarea'
  useEffect(() => {
    if (props.focus) box.current?.focus()
  }, [draft])
  const failed = draft.state.value === 'failed' ? ' failed' : ''
  return (
    <div class={`field box${failed}${props.large ? ' large' : ''}`}>
      <label class={props.hideLabel ? 'visually-hidden' : 'label'} for={id}>
        {label}
      </label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Element
        ref={box}
        id={id}
        class={line ? 'input' : undefined}
        type={line ? 'text' : undefined}
        rows={line ? undefined : 1}
        readOnly={readOnly}
        placeholder={props.placeholder}
        aria-describedby={hint ? `${id}-hint` : undefined}
        spellcheck
        autocomplete="off"
        onInput={(event) => {
          draft.type(event.currentTarget.value)
          grow(event.currentTarget)
        }}
        onBlur={() => draft.flush()}
        onCompositionStart={() => draft.compose(true)}
        onCompositionEnd={() => draft.compose(false)}
      />
      <Under record={record} field={field} draft={draft} />
    </div>
  )
}
