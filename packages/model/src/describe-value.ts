import { maskUrl } from './database-url.ts'

/** A value in a few words, as it is shown to the person who wrote it: `the number 3`, `the text "web"`. */
export const describeValue = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return describeText(value)
  if (typeof value === 'function') return describeFunction(value.name)
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object') return describeObject(value)
  return `the ${typeof value} ${String(value)}`
}

const describeText = (text: string): string => {
  if (text === '') return 'an empty text'
  // Wherever a URL was written by mistake, its password is nobody's business.
  const value = maskUrl(text)
  const shown = value.length > 80 ? `${value.slice(0, 77)}…` : value
  return `the text ${JSON.stringify(shown)}`
}

const describeFunction = (name: string): string =>
  name && name !== 'default' ? `the function ${name}` : 'a function'

const describeObject = (value: object): string => {
  const name = Object.getPrototypeOf(value)?.constructor?.name
  if (typeof name === 'string' && name !== '' && name !== 'Object') {
    return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
  }
  return Object.keys(value).length === 0 ? 'an empty object' : 'an object'
}
