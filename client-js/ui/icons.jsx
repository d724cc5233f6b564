/**
 * Line icons, drawn on a 24 × 24 grid. An icon never stands alone: words stand
 * beside it, so it is hidden from assistive technology.
 */
const PATHS = {
  home: 'M3 11 12 4l9 7v8a1 1 0 0 1-1 1h-5v-6H9v6H4a1 1 0 0 1-1-1z',
  school: 'M4 20V9l8-5 8 5v11M2 20h20M10 20v-5h4v5M12 8v3',
  note: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h5',
  plan: 'M5 5h14v16H5zM9 3v4M15 3v4M8.5 13l2.2 2.2 4.3-4.4',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5 10 17l9-10',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2',
  tablet: 'M6 3h12v18H6zM11 18h2',
  eye: 'M2 12s4-6.5 10-6.5S22 12 22 12s-4 6.5-10 6.5S2 12 2 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  ear: 'M8 20a3 3 0 0 0 5-1.5c.6-2.5 4-4 4-8.5A6 6 0 0 0 5 10M9 10a3 3 0 0 1 6 0c0 2-2.5 2.4-2.5 4.5',
  book: 'M4 5c3-1 6-1 8 1 2-2 5-2 8-1v14c-3-1-6-1-8 1-2-2-5-2-8-1zM12 6v14',
  talk: 'M4 5h16v11H10l-5 4v-4H4z',
  flag: 'M6 21V4h12l-3 4 3 4H6',
  share: 'M12 15V4M8 8l4-4 4 4M5 13v7h14v-7',
  send: 'M12 20V5M6 11l6-6 6 6',
  right: 'M9 5l7 7-7 7',
  left: 'M15 5l-7 7 7 7',
  merge: 'M6 4v4c0 4 6 4 6 8v4M18 4v4c0 4-6 4-6 8',
  people:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3 20c0-3.5 2.7-6 6-6s6 2.5 6 6M16 5.5a3 3 0 0 1 0 6M17.5 14.5c2.2.7 3.5 2.8 3.5 5.5',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  pen: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  up: 'M12 19V6M6 11l6-6 6 6',
  down: 'M12 5v13M6 13l6 6 6-6',
  wifi: 'M3 9.5a13 13 0 0 1 18 0M6 13a8.5 8.5 0 0 1 12 0M9 16.5a4.2 4.2 0 0 1 6 0M12 20h.01',
  alarm: 'M12 4 2.5 20h19zM12 10v4.5M12 17.4h.01',
  hand: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.3a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1.9-1.1 1.8M12 16.6h.01',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21',
  close: 'M6 6l12 12M18 6 6 18',
  inbox: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5',
}

/** @param {{ name: keyof typeof PATHS }} props */
export const Icon = ({ name }) => (
  <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
)

const PETALS = [0, 1, 2, 3, 4].map((i) => {
  const turn = (i * 2 * Math.PI) / 5 - Math.PI / 2
  return { x: 50 + 30 * Math.cos(turn), y: 50 + 30 * Math.sin(turn) }
})

/** The mark: five areas round one school. */
export const Mark = () => (
  <svg viewBox="0 0 100 100" class="mark" aria-hidden="true">
    {PETALS.map(({ x, y }, i) => (
      <circle key={i} cx={x} cy={y} r="11" class={i ? 'petal' : 'petal lit'} />
    ))}
    <circle cx="50" cy="50" r="12" class="heart" />
  </svg>
)
