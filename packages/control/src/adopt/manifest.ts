/** The parts of a `package.json` that say how an app is started and what it is made of. */
export type AppManifest = {
  readonly text: string
  readonly name: string | null
  readonly main: string | null
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: ReadonlySet<string>
}

/** Reads a `package.json`; throws the parser's own words when it is not JSON. */
export function readManifest(text: string): AppManifest {
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it holds no object')
  const fields = value as Record<string, unknown>
  const listed = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((key) =>
    Object.keys(recordOf(fields[key])),
  )
  return {
    text,
    name: typeof fields.name === 'string' ? fields.name : null,
    main: typeof fields.main === 'string' ? fields.main : null,
    scripts: Object.fromEntries(
      Object.entries(recordOf(fields.scripts)).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
    dependencies: new Set(listed),
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

/** The line of a script in `package.json`, or null where it cannot be told. */
export function lineOfScript(text: string, script: string): number | null {
  const scripts = /"scripts"\s*:\s*\{/.exec(text)
  if (scripts === null) return null
  const key = `"${script.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"\\s*:`
  const found = new RegExp(key).exec(text.slice(scripts.index))
  return found === null ? null : lineAt(text, scripts.index + found.index)
}

/** The number of the line that a position is in, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}
