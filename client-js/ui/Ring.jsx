/**
 * The area ring: five arcs, one a framework area. A better grade is a thicker
 * arc, so that it reads without colour; a hair line means not judged.
 */
import { AREAS, maturityLabel } from './model.js'

const CENTRE = 50
const RADIUS = 38
const GAP = 0.14

function arc(i) {
  const point = (turn) =>
    `${(CENTRE + RADIUS * Math.cos(turn)).toFixed(1)} ` +
    `${(CENTRE + RADIUS * Math.sin(turn)).toFixed(1)}`
  const from = -Math.PI / 2 + (i * 2 * Math.PI) / 5 + GAP
  const to = -Math.PI / 2 + ((i + 1) * 2 * Math.PI) / 5 - GAP
  return `M${point(from)}A${RADIUS} ${RADIUS} 0 0 1 ${point(to)}`
}

const ARCS = AREAS.map((_, i) => arc(i))

/** @param {{ tm: any, grades?: Record<string, { grade: number }>,
 *   big?: boolean }} props */
export function Ring({ tm, grades = {}, big }) {
  const words = AREAS.map(([area, name]) => {
    const grade = grades[area]?.grade
    return `${name}: ${grade ? maturityLabel(tm, grade) : 'not judged'}`
  }).join(', ')
  return (
    <span class={big ? 'ring big' : 'ring'}>
      <svg viewBox="0 0 100 100" role="img" aria-label={words}>
        {AREAS.map(([area], i) => (
          <path
            key={area}
            d={ARCS[i]}
            class={grades[area] && `g${grades[area].grade}`}
          />
        ))}
      </svg>
    </span>
  )
}
