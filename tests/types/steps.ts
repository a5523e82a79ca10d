/** That whoever handles steps handles every kind. `tsc` is the test; nothing here runs. */
import { emptyState, type State, type StepKind, type StepOf } from '@banyan/model'

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

const { 'admit-node': admit, 'drain-node': drain, ...withoutGateway } = all

// @ts-expect-error requests are let in and kept away by handlers of their own
export const deaf: Handlers = withoutGateway

export const balanced: Handlers = { ...withoutGateway, 'admit-node': admit, 'drain-node': drain }

// @ts-expect-error letting in and keeping away are not exchanged
export const exchanged: Pick<Handlers, 'admit-node'> = { 'admit-node': drain }

export const placed: Pick<Handlers, 'create-node' | 'change-node'> = {
  'create-node': ({ node, host }) => `${node.name} ${node.entry === true} ${host.address}`,
  // @ts-expect-error a node is either an entry or says nothing of it
  'change-node': ({ node }) => (node.entry === false ? 'private' : 'public'),
}

/** A state says to whom a gateway sends; one that does not is none. */
export const said = (state: State): readonly string[] => state.admitted

const { admitted: _admitted, ...mute } = emptyState

// @ts-expect-error nobody is admitted by being left out
export const silent: State = mute

const { live: _live, ...forgetful } = emptyState

// @ts-expect-error a state says which release a restart runs
export const lost: State = forgetful

const { 'try-release': tried, 'contract-migrations': contracted, ...rest } = all

// @ts-expect-error a release is tried, and its migrations contracted, by handlers of their own
export const rash: Handlers = rest

export const careful: Handlers = {
  ...rest,
  'try-release': tried,
  'contract-migrations': contracted,
}

export const shared: Pick<Handlers, 'admit-node' | 'try-release'> = {
  'admit-node': ({ node, share = 100 }) => `${node} gets ${share.toFixed()}%`,
  // @ts-expect-error several nodes are watched at once
  'try-release': ({ node }) => node,
}
