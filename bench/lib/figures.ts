/** What a bench printed, or a part of it. */
export type Json = Readonly<Record<string, unknown>>

/** The value at a path of keys, if it is there: `at(result, 'ratio.cpuMicrosPerRequest')`. */
export function at(result: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Json | undefined)?.[key], result)
}

/** Every number in a result with its path, for a first look at it. */
export function figuresOf(value: unknown, path = ''): [path: string, value: number][] {
  if (typeof value === 'number') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    figuresOf(inner, path === '' ? key : `${path}.${key}`),
  )
}

/** Three significant digits: more would be noise. Whole numbers from 100 on. */
export function display(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/** A table in Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}
