import type { SqlFragment } from 'banyan'

/** A statement as it goes to PostgreSQL, with `$1` where its parameters go. */
export type Rendered = { readonly text: string; readonly values: readonly unknown[] }

const isFragment = (value: unknown): value is SqlFragment =>
  typeof value === 'object' && value !== null && 'strings' in value && 'values' in value

const texts = new WeakMap<TemplateStringsArray, string>()

/** Renders a template, and the fragments set into it, for a driver that takes text and parameters. */
export function render(
  template: TemplateStringsArray | SqlFragment,
  values: readonly unknown[],
): Rendered {
  if (isFragment(template)) return flatten(template.strings, template.values)
  if (values.some(isFragment)) return flatten(template, values)
  let text = texts.get(template)
  if (text === undefined) {
    text = flatten(template, values).text
    texts.set(template, text)
  }
  return { text, values }
}

function flatten(strings: readonly string[], inserts: readonly unknown[]): Rendered {
  const values: unknown[] = []
  const append = (parts: readonly string[], given: readonly unknown[]): string => {
    let text = parts[0] ?? ''
    for (const [index, value] of given.entries()) {
      if (isFragment(value)) text += append(value.strings, value.values)
      else text += `$${values.push(value)}`
      text += parts[index + 1]
    }
    return text
  }
  return { text: append(strings, inserts), values }
}
