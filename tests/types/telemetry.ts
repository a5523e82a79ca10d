/**
 * What the types of `banyan/telemetry` accept and refuse. `tsc` is the test: a line below `@ts-expect-error`
 * that compiles is an error too. Nothing here runs.
 */
import { record } from 'banyan/telemetry'

record('page.seen')
record('user.active', { subject: '7' })
record('user.active', { subject: 7 })
record('user.active', { subject: 7n })
record('user.active', { subject: null })

// @ts-expect-error an event has a name
record()

// @ts-expect-error a name is a text
record(7)

// @ts-expect-error a subject is no object, of which nobody knows what makes it the same
record('user.active', { subject: { id: 7 } })

// @ts-expect-error nothing else is written of it
record('user.active', { subject: '7', email: 'ann@example.org' })
