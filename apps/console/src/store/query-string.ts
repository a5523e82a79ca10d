type Value = string | number | boolean | null | undefined

/**
 * A question to the store as a query string: a list is its name once for each, and what is absent or empty is not
 * asked for.
 *
 * @example
 * queryString({ nodes: ['web-1', 'web-2'], limit: 50 }) // '?nodes=web-1&nodes=web-2&limit=50'
 */
export const queryString = (asked: Readonly<Record<string, Value | readonly string[]>>): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(asked))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && one !== '') params.append(name, String(one))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
