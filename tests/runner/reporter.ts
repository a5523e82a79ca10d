import { inspect } from 'node:util'

/** What a test file did, as one JSON line for each event, for the runner to read. */
export type TestEvent = {
  readonly type: 'test:start' | 'test:pass' | 'test:fail'
  readonly name: string
  readonly nesting: number
  readonly kind?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly failureType?: string
  readonly error?: string
}

type Source = AsyncIterable<{ readonly type: string; readonly data: unknown }>
type Data = Pick<TestEvent, 'name' | 'nesting' | 'skip' | 'todo'> & {
  readonly details?: {
    readonly type?: string
    readonly error?: Error & { readonly failureType?: string }
  }
}

const told: readonly string[] = ['test:start', 'test:pass', 'test:fail']

/** Node loads a reporter by its default export. */
export default async function* reporter(source: Source): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (told.includes(type)) yield `${JSON.stringify({ type, ...eventOf(data as Data) })}\n`
  }
}

function eventOf({ name, nesting, skip, todo, details }: Data) {
  const error = details?.error
  return {
    name,
    nesting,
    ...(skip === undefined ? {} : { skip }),
    ...(todo === undefined ? {} : { todo }),
    ...(details?.type === undefined ? {} : { kind: details.type }),
    ...(error === undefined ? {} : { failureType: error.failureType, error: textOf(error) }),
  }
}

/** The cause is what the test threw; the error around it is the runner's own. */
function textOf(error: Error): string {
  return inspect(error.cause ?? error, { depth: 8 })
}
