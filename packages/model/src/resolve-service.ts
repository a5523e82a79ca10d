import { readCommand } from './command.ts'
import { type Complaint, type FaultList, join } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import type { FoundFiles } from './found-files.ts'
import { readEnvironment } from './resolve-environment.ts'
import { readRoutes } from './resolve-routes.ts'
import { readTcp } from './resolve-tcp.ts'
import type { Service } from './system.ts'

const keys = ['run', 'build', 'routes', 'tcp', 'health', 'env', 'startTimeoutMs', 'stopTimeoutMs']

const commandExpected: Complaint = {
  expected: 'a command, for example "node src/web.ts"',
  mend: "write the command as one text: run: 'node src/web.ts'",
}

/** Reads one service. What is wrong in it becomes faults; the service is whole all the same. */
export const readService = (
  faults: FaultList,
  name: string,
  value: unknown,
  files: FoundFiles,
): Service | null => {
  const path = join('services', name)
  if (!isRecord(value)) {
    faults.add(path, value, {
      expected: 'a service',
      mend: `write ${name}: { run: 'node src/${name}.ts' }`,
    })
    return null
  }
  faults.checkKeys(path, value, keys)
  const fields = new FieldReader(faults, path, value)
  const tcp = readTcp(fields)
  return {
    name,
    run: readRun(fields, files),
    build: readCommandField(fields, 'build', files),
    routes: readRoutes(fields),
    ...(tcp === null ? {} : { tcp }),
    health: readHealth(fields),
    env: readEnvironment(fields),
    startTimeoutMs: fields.integer(
      'startTimeoutMs',
      { min: 100, max: 3_600_000, unit: 'milliseconds' },
      30_000,
    ),
    stopTimeoutMs: fields.integer(
      'stopTimeoutMs',
      { min: 0, max: 3_600_000, unit: 'milliseconds' },
      10_000,
    ),
  }
}

const readRun = (fields: FieldReader, files: FoundFiles): readonly string[] => {
  if (fields.value('run') === undefined) fields.fault('run', commandExpected)
  return readCommandField(fields, 'run', files) ?? []
}

const readCommandField = (
  fields: FieldReader,
  key: 'run' | 'build',
  files: FoundFiles,
): readonly string[] | null => {
  const value = fields.value(key)
  if (value === undefined) return null
  if (typeof value !== 'string') {
    fields.fault(
      key,
      Array.isArray(value)
        ? { ...commandExpected, mend: suggestText(key, value) }
        : commandExpected,
    )
    return null
  }
  const reading = readCommand(value)
  const expanded = reading.words ? files.expandCommand(reading.words, key) : reading
  if (expanded.complaint) fields.fault(key, expanded.complaint)
  return expanded.words
}

/** A list of words becomes the text that splits into them. */
const suggestText = (key: string, words: readonly unknown[]): string => {
  const text = words
    .map((word) => (/[\s"'\\$`&|;<>()*]/.test(String(word)) ? `"${String(word)}"` : String(word)))
    .join(' ')
  return `write it as one text: ${key}: ${JSON.stringify(text)}`
}

const readHealth = (fields: FieldReader): string | null => {
  const complaint = {
    expected: 'a path, for example "/health"',
    mend: 'begin it with / and leave out host and query',
  }
  const health = fields.text('health', complaint)
  if (health === null || /^\/[^\s?#]*$/.test(health)) return health
  fields.fault('health', complaint)
  return null
}
