import { randomInt } from 'node:crypto'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'
const suffixLength = 8
const baseLengthMax = 80

/**
 * The readable part of a slug: letters and numbers of any script in lower case, joined by hyphens.
 *
 * @example slugBase('Crème brûlée, at home!') // 'crème-brûlée-at-home'
 */
export function slugBase(title: string): string {
  const words =
    title
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const base = [...words.join('-')].slice(0, baseLengthMax).join('')
  return base.replace(/-$/, '') || 'article'
}

/** A random ending, so that equal titles get different slugs: 36^8 of them. */
export function slugSuffix(random: (below: number) => number = randomInt): string {
  return Array.from({ length: suffixLength }, () => alphabet[random(alphabet.length)]).join('')
}

/**
 * The slug of an article's title. It is unique only by chance: the database has the last word.
 *
 * @example slugOf('Hello, World') // 'hello-world-3k9x0a2b'
 */
export const slugOf = (title: string, suffix = slugSuffix()): string =>
  `${slugBase(title)}-${suffix}`

/** Whether a slug still says what its title says. */
export const slugFits = (slug: string, title: string): boolean =>
  slug.slice(0, -(suffixLength + 1)) === slugBase(title)
