/** The patterns of `.gitignore` files, as git reads them: gitignore(5). No I/O. */

export type IgnoreRule = {
  /** Where it stands, for messages: `/srv/app/.gitignore:3`. */
  readonly place: string
  readonly pattern: string
  /** `!pattern`: takes back what an earlier rule ignored. */
  readonly keeps: boolean
  readonly foldersOnly: boolean
  /** Matches the path from the file's folder on. */
  readonly expression: RegExp
}

/** The rules of one file and the folder that they hold in. */
export type IgnoreFile = { readonly folder: string; readonly rules: readonly IgnoreRule[] }

/** Reads the rules of a file; what git skips (comments, broken patterns) is skipped here too. */
export function parseIgnoreFile(text: string, path: string): IgnoreRule[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => parseRule(line.replace(/\r$/, ''), `${path}:${index + 1}`) ?? [])
}

function parseRule(line: string, place: string): IgnoreRule | null {
  let pattern = withoutTrailingBlanks(line)
  if (pattern === '' || pattern.startsWith('#')) return null
  const keeps = pattern.startsWith('!')
  if (keeps) pattern = pattern.slice(1)
  const foldersOnly = pattern.endsWith('/')
  if (foldersOnly) pattern = pattern.slice(0, -1)
  const expression = expressionOf(pattern)
  return expression && { place, pattern: line.trim(), keeps, foldersOnly, expression }
}

/** A blank at the end counts only behind a backslash. */
function withoutTrailingBlanks(line: string): string {
  let end = line.length
  while (end > 0 && line[end - 1] === ' ' && line[end - 2] !== '\\') end -= 1
  return line.slice(0, end)
}

/** A pattern with a slash holds from the file's folder on; one without holds at any depth. */
function expressionOf(pattern: string): RegExp | null {
  const anchored = pattern.includes('/')
  const source = sourceOf(pattern.startsWith('/') ? pattern.slice(1) : pattern)
  if (source === null || source === '') return null
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`, 's')
}

function sourceOf(glob: string): string | null {
  let source = ''
  let at = 0
  while (at < glob.length) {
    const piece = pieceAt(glob, at)
    if (piece === null) return null
    source += piece.source
    at = piece.end
  }
  return source
}

type Piece = { readonly source: string; readonly end: number }

function pieceAt(glob: string, at: number): Piece | null {
  const character = glob[at] as string
  if (character === '*') return starsAt(glob, at)
  if (character === '?') return { source: '[^/]', end: at + 1 }
  if (character === '[') return classAt(glob, at)
  if (character === '\\') {
    const next = glob[at + 1]
    return next === undefined ? null : { source: quoted(next), end: at + 2 }
  }
  return { source: quoted(character), end: at + 1 }
}

/** `**` is more than `*` only as a whole part of the path: at the start, at the end, or between two slashes. */
function starsAt(glob: string, at: number): Piece {
  let end = at
  while (glob[end] === '*') end += 1
  const whole = end - at === 2 && (at === 0 || glob[at - 1] === '/')
  if (whole && glob[end] === '/') return { source: '(?:.*/)?', end: end + 1 }
  if (whole && end === glob.length) return { source: at > 0 ? '.+' : '.*', end }
  return { source: '[^/]*', end }
}

/** `[a-z]`, `[!a]`, `[[:digit:]]`. One that does not end matches nothing. */
function classAt(glob: string, at: number): Piece | null {
  let end = at + 1
  const not = glob[end] === '!' || glob[end] === '^'
  if (not) end += 1
  let members = ''
  for (let first = true; first || glob[end] !== ']'; first = false) {
    const named = /^\[:([a-z]+):\]/.exec(glob.slice(end))
    if (named) {
      const range = namedClasses[named[1] as string]
      if (range === undefined) return null
      members += range
      end += named[0].length
      continue
    }
    if (glob[end] === '\\') end += 1
    const member = glob[end]
    if (member === undefined) return null
    const isRange = glob[end + 1] === '-' && glob[end + 2] !== ']' && glob[end + 2] !== undefined
    const last = isRange ? (glob[end + 2] as string) : member
    if (last >= member) members += `${inClass(member)}-${inClass(last)}`
    end += isRange ? 3 : 1
  }
  if (members === '') return { source: not ? '[^/]' : '(?!)', end: end + 1 }
  return { source: `(?!/)[${not ? '^' : ''}${members}]`, end: end + 1 }
}

const namedClasses: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  xdigit: '0-9a-fA-F',
}

const inClass = (character: string) => character.replace(/[\\\]^-]/, '\\$&')

const quoted = (character: string) => character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&')

/**
 * The rule that decides about a path in a folder that is itself not ignored: the last one that
 * matches, of the innermost file that has one. Null when none says anything.
 */
export function ruleFor(
  files: readonly IgnoreFile[],
  path: string,
  isFolder: boolean,
): IgnoreRule | null {
  for (const { folder, rules } of files.toReversed()) {
    const from = folder === '/' ? path.slice(1) : path.slice(folder.length + 1)
    const rule = rules.findLast(
      ({ foldersOnly, expression }) => (isFolder || !foldersOnly) && expression.test(from),
    )
    if (rule) return rule
  }
  return null
}
