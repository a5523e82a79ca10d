import { BanyanError } from '@banyan/model'
import type { MainAction, MemberAction } from './action.ts'
import { type Book, decided } from './book.ts'
import type { Confirming, Member } from './member.ts'
import type { InForce } from './view.ts'

/** What this control knows of what it did; another control begins without, and does it again. */
export class Done {
  /** Ended and proven dead, and not started since. */
  readonly fenced = new Set<string>()
  inForce: InForce | null = null
  termWritten: number | null = null

  noteList(confirming: Confirming): void {
    this.inForce = { confirming, sinceLsn: null }
  }

  forgetList(): void {
    this.inForce = null
  }
}

export type Performer = {
  readonly book: Book
  readonly done: Done
  readonly find: (name: string) => Member
}

/** Does one thing. What was not done, or not wholly, is found by the next look. */
export async function perform(shard: Performer, action: MainAction): Promise<void> {
  const { book } = shard
  switch (action.kind) {
    case 'fence':
      return await fence(shard, action.name)
    case 'start-primary':
      return await startPrimary(shard, action.name, action.confirming)
    case 'start-heir':
      shard.done.fenced.delete(action.name)
      return await shard.find(action.name).start({ kind: 'replica', of: action.of })
    case 'elect':
      return await writeElection(shard, action)
    case 'promote':
      return await promote(shard, action)
    case 'write-term':
      return await writeNewTerm(shard, action)
    case 'finish':
      return await finish(shard, action)
    case 'take-back':
      return await book.change(({ promotion }) => (promotion?.decided ? null : { promotion: null }))
    case 'confirm':
      return await confirm(shard, action)
    case 'record':
      return await book.change(() => ({ confirming: action.confirming, quorum: action.quorum }))
    case 'rest':
    case 'wait':
    case 'refuse':
      return
  }
}

async function fence({ done, find }: Performer, name: string): Promise<void> {
  await find(name).fence()
  done.fenced.add(name)
}

async function startPrimary(
  { done, find }: Performer,
  name: string,
  confirming: Confirming,
): Promise<void> {
  done.fenced.delete(name)
  done.forgetList()
  await find(name).start({ kind: 'primary', confirming })
  done.noteList(confirming)
}

type Act<K extends MainAction['kind']> = Extract<MainAction, { kind: K }>

async function writeElection({ book }: Performer, { promotion, ahead }: Act<'elect'>) {
  const { from, reason } = promotion
  // What the old primary wrote last may be nowhere else, and was not acknowledged.
  const behind = reason === 'switchover' ? ahead : [...ahead, from]
  await book.change((record) =>
    record.promotion?.decided === true && reason !== 'accept-loss'
      ? null
      : decided(record, promotion, behind),
  )
}

async function promote({ done, find }: Performer, action: Act<'promote'>): Promise<void> {
  done.forgetList()
  done.termWritten = null
  await find(action.name).promote(action.confirming, action.followers)
  done.noteList(action.confirming)
}

/** Nobody else is told of another leader before this is over. */
async function writeNewTerm({ done, find }: Performer, action: Act<'write-term'>): Promise<void> {
  const leader = find(action.name)
  const told = action.awake.map((name) => find(name).follow(leader.place))
  // One that could not be told is told by the next look.
  const [written] = await Promise.allSettled([leader.writeTerm(action.term), ...told])
  if (written?.status === 'rejected') throw written.reason
  done.termWritten = action.term
}

async function finish({ book }: Performer, { promotion }: Act<'finish'>): Promise<void> {
  await book.change((record) =>
    record.promotion?.to === promotion.to && record.promotion.term === promotion.term
      ? { primary: promotion.to, term: promotion.term, promotion: null }
      : null,
  )
}

async function confirm({ done, find }: Performer, action: Act<'confirm'>): Promise<void> {
  done.forgetList()
  await find(action.name).confirm(action.confirming)
  done.noteList(action.confirming)
}

/** The same for what is done about one member beside the main matter. */
export async function performMember(
  shard: Performer,
  action: MemberAction,
  signal: AbortSignal,
): Promise<void> {
  const { name } = action
  switch (action.kind) {
    case 'fence':
      return await fence(shard, name)
    case 'start':
      shard.done.fenced.delete(name)
      return await shard.find(name).start({ kind: 'replica', of: action.of })
    case 'follow':
      return await shard.find(name).follow(action.of)
    case 'unprepare':
      return await shard.find(name).unprepare()
    case 'rebuild':
      return await rebuild(shard, action, signal)
    case 'disbelieve':
      return await shard.book.change(({ remake }) =>
        remake.includes(name) ? null : { remake: [...remake, name] },
      )
  }
}

async function rebuild(
  { book, find }: Performer,
  { name, of }: Extract<MemberAction, { kind: 'rebuild' }>,
  signal: AbortSignal,
): Promise<void> {
  await find(name).rebuild(of, signal)
  // Of another primary than the one that is followed now, it would have forked off after all.
  signal.throwIfAborted()
  await book.change(({ remake }) => ({ remake: remake.filter((other) => other !== name) }))
}

export function memberOrThrow(members: readonly Member[], name: string): Member {
  const found = members.find(({ place }) => place.name === name)
  if (found !== undefined) return found
  const names = members.map(({ place }) => place.name)
  throw new BanyanError('BANYAN_NODE_UNKNOWN', `There is no member ${name} of the shard.`, {
    hint: `Its members are ${names.join(', ')}.`,
    details: { name, names },
  })
}
