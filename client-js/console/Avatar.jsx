/** A person's initials on a colour that stays theirs. */
import { initials } from '../ui/format.js'
import { useDesk } from '../ui/live.js'
import { personName } from '../ui/model.js'

const TONES = 6

const toneOf = (id) =>
  [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) % TONES

/** @param {{ id?: string }} props */
export function Avatar({ id }) {
  const { tm } = useDesk()
  return (
    <span class={`avatar t${toneOf(id ?? 'server')}`} aria-hidden="true">
      {initials(personName(tm, id))}
    </span>
  )
}
