/**
 * How two answers came to meet: where they began, who wrote when, which one
 * arrived first and is shown, and which is kept beside it.
 */
import { firstName, moment } from '../ui/format.js'
import { useDesk } from '../ui/live.js'
import { personName } from '../ui/model.js'
import { toneOf } from '../ui/Avatar.jsx'
import { arrival } from '../ui/Decision.jsx'

const LEFT = 260
const WIDE = 900

/** Places along the line: in the order of their times, evenly, so that the
 *  words have room. @param {number[]} times @param {number} from */
function placed(times, from, to) {
  const order = [...new Set(times)].sort((a, b) => a - b)
  const step = (to - from) / Math.max(1, order.length - 1)
  return (at) => from + order.indexOf(at) * step
}

/** The moment before anybody answered. */
const began = (entries, fields, first) =>
  entries.find(
    (e) =>
      fields.includes(e.field) &&
      e.version < first &&
      (e.outcome === 'applied' || e.outcome === 'merged'),
  )

/** @param {{ conflict: any, entries: any[], fields: string[] }} props */
export function Timeline({ conflict, entries, fields }) {
  const { tm } = useDesk()
  const [shown, kept] = conflict.values
  if (!kept) return null
  const [one, two] = [shown, kept].map(({ by }) => toneOf(by))
  const name = ({ by }) => firstName(personName(tm, by))
  const arrived = [shown, kept].map((v) => arrival(entries, v) || v.at)
  const x = placed([shown.at, kept.at, ...arrived], LEFT + 50, WIDE - 60)
  const [up, down] = [24, 76]
  const first = Math.min(shown.version, kept.version)
  const start = began(entries, fields, first)
  const [end, last] = [x(arrived[0]), x(arrived[1])]
  const told =
    `${name(shown)} wrote at ${moment(shown.at)}, ${name(kept)} at ` +
    `${moment(kept.at)}. ${name(shown)}’s answer arrived first, ` +
    `${moment(arrived[0])}, and is shown; ${name(kept)}’s arrived at ` +
    `${moment(arrived[1])}, and is kept.`
  const curve = (y, to) =>
    `M160 50C210 50 210 ${y} 260 ${y}H${to - 60}C${to - 25} ${y} ${to - 25} 50 ${to} 50`
  return (
    <figure class="card meets">
      <svg viewBox="0 0 900 104" role="img" aria-label={told}>
        <path class="trunk" d="M20 50H160" />
        <path class="trunk then" d={`M${end} 50H${WIDE - 20}`} />
        <path class={one} d={curve(down, end)} />
        <path class={two} d={curve(up, last)} />
        <circle class="fork" cx="160" cy="50" r="7" />
        <circle class={one} cx={x(shown.at)} cy={down} r="8" />
        <circle class={two} cx={x(kept.at)} cy={up} r="8" />
        <circle class={one} cx={end} cy="50" r="7" />
        <circle class={two} cx={last} cy="50" r="7" />
        <text x="20" y="34">
          {start ? moment(start.at) : 'Before'}
        </text>
        <text x="20" y="74">
          both begin here
        </text>
        <text class="ink" x={x(kept.at) + 12} y="15">
          {moment(kept.at)} {name(kept)} writes
        </text>
        <text class="ink" x={x(shown.at) + 12} y="98">
          {moment(shown.at)} {name(shown)} writes
        </text>
        <text x={Math.min(end + 12, 730)} y="70">
          {moment(arrived[0])} arrives, is shown
        </text>
        <text class="last" x={WIDE - 20} y="92">
          {moment(arrived[1])} arrives, is kept
        </text>
      </svg>
    </figure>
  )
}
