/** Where a piece of work stands: always an icon and words. */
import { Icon } from './icons.jsx'
import { useDesk, useLive, useStatus } from './live.js'
import { STATUS } from './words.js'

/** @param {{ id: string }} props */
export function StatusTag({ id }) {
  const { tm } = useDesk()
  useStatus() // what is on its way changes with the link
  useLive((client) => client.get(id)?.changed, [id])
  const { words, icon, tone } = STATUS[tm.statusOf(id)] ?? STATUS.sent
  return (
    <span class={`tag ${tone}`}>
      <Icon name={icon} />
      {words}
    </span>
  )
}
