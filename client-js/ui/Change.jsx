/** A field's old and new words: what went is struck, what came is underlined;
 *  of long unchanged stretches only the ends are shown. */
import { parts } from './diff.js'
import { useDesk } from './live.js'
import { isText, valueWords } from './value.js'

const EDGE = 60

/** @param {string} text @param {boolean} first @param {boolean} last */
function shortened(text, first, last) {
  const keepStart = first ? 0 : EDGE
  const keepEnd = last ? 0 : EDGE
  if (text.length <= keepStart + keepEnd + 20) return text
  const start = text.slice(0, keepStart).replace(/\S*$/, '')
  const end = keepEnd ? text.slice(-keepEnd).replace(/^\S*/, '') : ''
  return `${start}…${end}`
}

function Words({ old, now, whole }) {
  const all = parts(old, now)
  return all.map(({ kind, text }, i) => {
    if (kind === 'gone') {
      return (
        <del key={i}>
          <span class="visually-hidden">went: </span>
          {text}
        </del>
      )
    }
    if (kind === 'new') {
      return (
        <ins key={i}>
          <span class="visually-hidden">came: </span>
          {text}
        </ins>
      )
    }
    return whole ? text : shortened(text, i === 0, i === all.length - 1)
  })
}

const SNIPPET = 220

/** @param {{ type: string, field: string, old?: any, now: any,
 *   known?: boolean, whole?: boolean }} props
 *   `known`: we know what stood there before */
export function Change({ type, field, old, now, known, whole }) {
  const { tm } = useDesk()
  const words = (value) => valueWords(tm, type, field, value)
  if (!known || old === undefined || old === null) {
    const text = words(now)
    const cut =
      whole || text.length <= SNIPPET
        ? text
        : `${text.slice(0, SNIPPET).replace(/\S*$/, '')}…`
    return known ? <ins>{cut}</ins> : cut
  }
  if (
    isText(tm, type, field) &&
    typeof old === 'string' &&
    typeof now === 'string'
  ) {
    return <Words old={old} now={now} whole={whole} />
  }
  return (
    <>
      <del>
        <span class="visually-hidden">was: </span>
        {words(old)}
      </del>{' '}
      <ins>
        <span class="visually-hidden">now: </span>
        {words(now)}
      </ins>
    </>
  )
}
