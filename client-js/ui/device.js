// @ts-check
/** What a person would call this device, and what it is. */

const KINDS = /** @type {const} */ ([
  [/iPad|Macintosh.*Mobile/, 'iPad'],
  [/iPhone/, 'iPhone'],
  [/CrOS/, 'Chromebook'],
  [/Android/, 'Android tablet'],
  [/Macintosh/, 'Mac'],
  [/Windows/, 'Windows computer'],
  [/Linux/, 'Linux computer'],
])

export function platform(agent = navigator.userAgent) {
  const kind = KINDS.find(([pattern]) => pattern.test(agent))?.[1] ?? 'Browser'
  const installed = globalThis.matchMedia?.(
    '(display-mode: standalone)',
  ).matches
  return installed ? `${kind}, home screen app` : `${kind}, browser`
}

export const deviceLabel = (agent = navigator.userAgent) =>
  KINDS.find(([pattern]) => pattern.test(agent))?.[1] ?? 'Browser'
