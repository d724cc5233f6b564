// @ts-check
/**
 * What a browser's page tells the link: the network came, the page was shown,
 * the person came back. Nothing to tell in Node.
 */

/**
 * @param {{ nudge: () => void, hidden: () => void, visible: () => void }} link
 * @returns {() => void} stop
 */
export function watchPage(link) {
  if (typeof document === 'undefined' || typeof window === 'undefined') {
    return () => {}
  }
  const onVisibility = () => {
    if (document.visibilityState === 'hidden') link.hidden()
    else link.visible()
  }
  /** @type {[EventTarget, string, () => void][]} */
  const all = [
    [window, 'online', link.nudge],
    [window, 'focus', link.nudge],
    [window, 'pageshow', link.visible],
    [document, 'visibilitychange', onVisibility],
  ]
  for (const [target, name, fn] of all) target.addEventListener(name, fn)
  return () => {
    for (const [target, name, fn] of all) target.removeEventListener(name, fn)
  }
}
