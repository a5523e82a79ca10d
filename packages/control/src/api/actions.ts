import { BanyanError } from '@banyan/model'
import { climbOf, climbRequestOf } from './climb-request.ts'
import type { Controlled } from './server.ts'
import { switchoverRequestOf } from './switchover-request.ts'

type Body = Readonly<Record<string, unknown>>

/** Something that a command or a page can have done, alike for both. */
export type Action = {
  /** What it is done to, as it was named, for the audit log. */
  readonly target: (body: Body) => string | null
  readonly run: (control: Controlled, body: Body) => Promise<unknown>
}

/** By the last part of its path: `POST /kill` on the socket, `POST /api/kill` on the console. */
export const actions = {
  kill: { target: nodeNamed, run: async (control, body) => await control.kill(nodeOf(body)) },
  pause: { target: nodeNamed, run: async (control, body) => await control.pause(nodeOf(body)) },
  resume: { target: nodeNamed, run: async (control, body) => await control.resume(nodeOf(body)) },
  partition: {
    target: ({ node, from }) =>
      typeof from === 'string' ? `${textOf(node)} ${from}` : textOf(node),
    run: async (control, body) => await control.partition(nodeOf(body), fromOf(body)),
  },
  heal: { target: nodeNamed, run: async (control, body) => await control.heal(nodeOf(body)) },
  switchover: {
    target: ({ to }) => textOf(to),
    run: async (control, body) => await control.switchover(switchoverRequestOf(body)),
  },
  climb: {
    target: sayClimb,
    run: async (control, body) => await control.climb(climbRequestOf(body)),
  },
  turn: {
    target: ({ climb }) => textOf(climb),
    run: async (control, body) => {
      await control.turnBack(climbOf(body))
      return {}
    },
  },
} as const satisfies Readonly<Record<string, Action>>

export type ActionName = keyof typeof actions

const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value.slice(0, 200) : null

function nodeNamed({ node }: Body): string | null {
  return textOf(node)
}

/** `grow balanced, split`, `release`. */
function sayClimb({ direction, rungs }: Body): string | null {
  const names = Array.isArray(rungs) ? rungs.filter((rung) => typeof rung === 'string') : []
  const text = [textOf(direction) ?? '', names.join(', ')].filter((part) => part !== '').join(' ')
  return text === '' ? null : text.slice(0, 200)
}

function nodeOf({ node }: Body): string {
  if (typeof node === 'string') return node
  throw new BanyanError('BANYAN_USAGE_INVALID', 'The request names no node.', {
    hint: 'Send for example {"node":"web-1"}.',
  })
}

/** Whom a node is cut off from; null: from everybody. */
function fromOf({ from = null }: Body): string | null {
  if (from === null || typeof from === 'string') return from
  throw new BanyanError('BANYAN_USAGE_INVALID', '"from" is no name of a node.', {
    hint: 'Send for example {"node":"db-1"}.',
  })
}
