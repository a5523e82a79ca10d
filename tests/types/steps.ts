/** That whoever handles steps handles every kind. `tsc` is the test; nothing here runs. */
import type { StepKind, StepOf } from '@banyan/model'

type Handlers = { readonly [Kind in StepKind]: (step: StepOf<Kind>) => string }

declare const all: Handlers

const { 'stop-node': stop, ...others } = all

// @ts-expect-error a table of handlers without one kind does not compile
export const missing: Handlers = others

export const complete: Handlers = { ...others, 'stop-node': stop }

export const read: Pick<Handlers, 'apply-migrations'> = {
  'apply-migrations': ({ release, needs }) => `${release} on ${needs.join()}`,
}

export const wrong: Pick<Handlers, 'start-node'> = {
  // @ts-expect-error a step to start a node brings no migrations
  'start-node': ({ migrations }) => migrations,
}
