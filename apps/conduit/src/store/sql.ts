/** A piece of SQL with its parameters; pieces are put into each other before they are sent. */
export class Sql {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]

  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.strings = strings
    this.values = values
  }

  /** The arguments with which a tagged template such as `scope.read` is called. */
  get template(): [TemplateStringsArray, ...unknown[]] {
    return [Object.assign([...this.strings], { raw: this.strings }), ...this.values]
  }
}

/**
 * Writes a piece of SQL. Values become parameters, other pieces become part of the text.
 *
 * @example
 * const newest = sql`select id from articles order by id desc limit ${20}`
 * scope.read(...sql`select * from (${newest}) as page`.template)
 */
export function sql(texts: TemplateStringsArray, ...inserts: unknown[]): Sql {
  const strings = [texts[0] ?? '']
  const values: unknown[] = []
  const append = (text: string) => {
    strings[strings.length - 1] += text
  }
  for (const [index, insert] of inserts.entries()) {
    if (insert instanceof Sql) {
      append(insert.strings[0] ?? '')
      strings.push(...insert.strings.slice(1))
      values.push(...insert.values)
      append(texts[index + 1] ?? '')
    } else {
      values.push(insert)
      strings.push(texts[index + 1] ?? '')
    }
  }
  return new Sql(strings, values)
}
