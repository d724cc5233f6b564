/** Choices to tap: several (chips) or one (a joined row of buttons). */
import { Icon } from './icons.jsx'

/** @param {{ label: string, choices: [string, string][], chosen: string[],
 *   onAdd: (value: string) => void, onRemove: (value: string) => void,
 *   disabled?: boolean }} props */
export function Chips({ label, choices, chosen, onAdd, onRemove, disabled }) {
  return (
    <fieldset>
      <legend>{label}</legend>
      <div class="chips">
        {choices.map(([value, words]) => {
          const on = chosen.includes(value)
          return (
            <label class="chip" key={value}>
              <input
                type="checkbox"
                checked={on}
                disabled={disabled}
                onChange={() => (on ? onRemove(value) : onAdd(value))}
              />
              <span>
                {on && <Icon name="check" />}
                {words}
              </span>
            </label>
          )
        })}
      </div>
    </fieldset>
  )
}

/** @param {{ label: string, name: string, choices: [string, string, string?][],
 *   value?: string, onChoose: (value: string) => void, joined?: boolean,
 *   hideLabel?: boolean, disabled?: boolean }} props
 *   a choice is its value, its words and, if it has one, its icon */
export function Choice(props) {
  const { label, name, choices, value, onChoose, joined, hideLabel } = props
  return (
    <fieldset>
      <legend class={hideLabel ? 'visually-hidden' : undefined}>{label}</legend>
      <div class={joined ? 'seg' : 'chips'}>
        {choices.map(([each, words, icon]) => (
          <label class="chip" key={each}>
            <input
              type="radio"
              name={name}
              checked={value === each}
              disabled={props.disabled}
              onChange={() => onChoose(each)}
            />
            <span>
              {icon && <Icon name={icon} />}
              {!icon && !joined && value === each && <Icon name="check" />}
              {words}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
