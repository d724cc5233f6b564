/** A person's initials on a colour that stays theirs. */
import { initials } from './format.js'
import { useDesk } from './live.js'
import { personName } from './model.js'

const TONES = 6

/** The class of a person's colour. @param {string} [id] */
export const toneOf = (id) => {
  const sum = [...(id ?? 'server')].reduce(
    (n, c) => (n * 31 + c.charCodeAt(0)) % 9973,
    7,
  )
  return `t${sum % TONES}`
}

/** @param {{ id?: string }} props */
export function Avatar({ id }) {
  const { tm } = useDesk()
  return (
    <span class={`avatar ${toneOf(id)}`} aria-hidden="true">
      {initials(personName(tm, id))}
    </span>
  )
}
