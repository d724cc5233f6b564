/**
 * The page's heading. When the page changes it takes the focus, so that a
 * reader who cannot see the screen hears where they are; the window's title
 * says the same.
 */
import { useEffect, useRef } from 'preact/hooks'
import { route } from './route.js'

let first = true

/** @param {{ children: any, title: string, class?: string }} props */
export function Heading({ children, title, class: name }) {
  const heading = useRef(null)
  const here = route.value.join('/')
  useEffect(() => {
    document.title = `${title} – Tidemark`
  }, [title])
  useEffect(() => {
    if (!first) {
      heading.current?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
    first = false
  }, [here])
  return (
    <h1 ref={heading} tabIndex={-1} class={name}>
      {children}
    </h1>
  )
}
