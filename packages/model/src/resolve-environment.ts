import { type Complaint, join } from './faults.ts'
import { type FieldReader, isRecord } from './field-reader.ts'

/** Names that Banyan sets itself; a config that set them too would cut the service off from its system. */
const reserved: readonly { readonly pattern: RegExp; readonly mend: string }[] = [
  {
    pattern: /^(PORT|HOST)$/,
    mend: 'remove it; Banyan gives every node its port, read process.env.PORT',
  },
  {
    pattern: /^DATABASE_URL$/,
    mend: 'remove it; Banyan sets it to its own database, give another database another name',
  },
  { pattern: /^BANYAN_/, mend: 'give it a name that does not begin with BANYAN_' },
  { pattern: /^LISTEN_/, mend: 'give it a name that does not begin with LISTEN_' },
]

/** Reads `env`: names as a shell would take them, texts as values. */
export const readEnvironment = (fields: FieldReader): Readonly<Record<string, string>> => {
  const value = fields.value('env')
  if (value === undefined) return {}
  if (!isRecord(value)) {
    fields.fault('env', {
      expected: 'an object of texts',
      mend: "write env: { LOG_LEVEL: 'info' }",
    })
    return {}
  }
  for (const [name, text] of Object.entries(value)) {
    const complaint = checkName(name) ?? checkText(name, text)
    if (complaint) fields.faults.add(join(fields.pathOf('env'), name), text, complaint)
  }
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}

const checkName = (name: string): Complaint | null => {
  const taken = reserved.find(({ pattern }) => pattern.test(name))
  if (taken)
    return {
      found: `the name ${name}`,
      expected: 'a name that Banyan does not set',
      mend: taken.mend,
    }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return null
  return {
    found: `the name ${JSON.stringify(name)}`,
    expected: 'letters, digits and _, not beginning with a digit',
    mend: `rename it, for example ${suggestName(name)}`,
  }
}

const suggestName = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^(?=\d)|^$/, '_')
    .toUpperCase()

const checkText = (name: string, text: unknown): Complaint | null => {
  if (typeof text === 'string') {
    return text.includes('\0')
      ? { expected: 'a text without NUL', mend: 'remove the NUL character' }
      : null
  }
  const simple = typeof text === 'number' || typeof text === 'boolean'
  return {
    expected: 'a text',
    mend: simple ? `quote it: ${name}: '${text}'` : 'write a text, for example with JSON.stringify',
  }
}
