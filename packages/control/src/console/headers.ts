/**
 * What a page of the console may do: run and show what control serves, and ask control. Styles that scripts
 * set on an element are set by CSSOM, which this allows; attributes of style in markup are refused.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** On every answer of the console. */
export const safetyHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Other ports of this machine are the same site to a browser, but not the same origin.
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

export const noStore = { 'cache-control': 'no-store' } as const
