import type { Handshake } from '../api/types.ts'
import type { ProcessIdentity } from '../sites/identity.ts'

/** What control says to its holder; each is said once, in this order. */
export type ControlWord =
  | Handshake
  /** The system is up: from here on control is started again however it ends, unless it was asked to. */
  | { readonly kind: 'ready' }
  /** Everything is being stopped, so that no control is wanted any more. */
  | { readonly kind: 'stopping' }
  | { readonly kind: 'ended'; readonly ending: 'stopped' | 'failed' }

/** What a holder says to the control that started it: it has the lock. */
export type HolderWord = { readonly kind: 'holding' }

/** What a holder says to the `up` that started it: how its control began. */
export type FirstWord = Handshake | { readonly kind: 'died'; readonly how: string }

/** What a holder is told to do, in its arguments. */
export type HolderTask =
  /** `beside`: the ports at which what serves now is of this system, and stays. */
  | { readonly kind: 'start'; readonly beside: readonly number[] }
  /** A control that lost its holder has started this one; the sockets are descriptors from 4 on. */
  | {
      readonly kind: 'join'
      readonly control: ProcessIdentity
      readonly ready: boolean
      readonly sockets: number
    }

/** Where a process of ours finds the first public socket, right after the channel to its parent. */
const firstInherited = 4

/** The public sockets that a process of ours was started with. */
export const inheritedSockets = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => firstInherited + index)
