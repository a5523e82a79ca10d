import { plantedFault } from '@banyan/postgres'
import type { Client } from 'pg'
import {
  asAdmin,
  type Binaries,
  checkpoint,
  confirmCommits,
  copyCluster,
  dropFollowerSlots,
  dropSlots,
  ensureSlots,
  followPrimary,
  lookAt,
  MemberQuestions,
  openAdmin,
  promoteServer,
  proveDead,
  removeCluster,
  stopForHeir,
  writeTerm,
} from '../engines/postgres/engine.ts'
import type { Follower, Member, MemberPlace, Role } from './member.ts'

/** How a member of this machine is reached, and what it is made with. */
export type LocalMemberOptions = {
  readonly place: MemberPlace
  readonly nodeDirectory: string
  /** Where its server says why it cannot follow. */
  readonly logFile: string
  /** The folder of another member. */
  readonly directoryOf: (name: string) => string
  readonly binaries: Binaries
  readonly size: { readonly memoryMb: number; readonly cpus: number }
  readonly adminPassword: string
  readonly replicatorPassword: string
  /** Of the system: where its term is written. */
  readonly database: string
  /** Has its keeper start it in this role; returns when it accepts connections, rejects when it does not start. */
  readonly start: (role: Role) => Promise<void>
  /** Its keeper looks at once: what it keeps has ended, or is another now. */
  readonly wake: () => void
  /** A server that dies closes its connections. */
  readonly onLost: () => void
  readonly say: (sentence: string) => void
}

const termMs = 2_000
const slotsMs = 2_000
const checkpointMs = 60_000

/** A member whose processes run on this machine, started by their keeper. */
export class LocalMember implements Member {
  readonly #options: LocalMemberOptions
  readonly #questions: MemberQuestions
  /** As it said last. */
  #followers: readonly Follower[] = []
  /** Opened while it is promoted, as its term is written right after that and everybody waits for it. */
  #session: Promise<Client | null> = Promise.resolve(null)

  constructor(options: LocalMemberOptions) {
    this.#options = options
    this.#questions = new MemberQuestions({ ...options, withTerm: true, onLost: options.onLost })
  }

  get place(): MemberPlace {
    return this.#options.place
  }

  async look() {
    return await lookAt(this.#options.nodeDirectory)
  }

  async ask(timeoutMs: number) {
    const answer = await this.#questions.ask(timeoutMs)
    if (answer !== null) this.#followers = answer.followers
    return answer
  }

  async fence(): Promise<void> {
    if (plantedFault === 'leaves-orphans' && (await this.look()) === 'orphaned') return
    await proveDead(this.#options.nodeDirectory)
    this.close()
    this.#options.wake()
  }

  async start(role: Role): Promise<void> {
    await this.#options.start(role)
  }

  async promote(confirming: Parameters<Member['promote']>[0], followers: readonly string[]) {
    this.#dropSession()
    this.#session = openAdmin(this.#options, termMs).catch(() => null)
    await promoteServer({ ...this.#options, confirming, followers })
  }

  async follow(primary: MemberPlace): Promise<void> {
    await followPrimary(this.#options.nodeDirectory, primary, this.#options)
  }

  async confirm(confirming: Parameters<Member['confirm']>[0]): Promise<void> {
    await confirmCommits({ ...this.#options, confirming })
  }

  async writeTerm(term: number): Promise<void> {
    const session = await this.#takeSession()
    await writeTerm({ ...this.#options, term, timeoutMs: termMs, session })
  }

  #takeSession(): Promise<Client | null> {
    const session = this.#session
    this.#session = Promise.resolve(null)
    return session
  }

  #dropSession(): void {
    void this.#takeSession().then((session) => session?.end().catch(() => {}))
  }

  async checkpoint(): Promise<void> {
    await asAdmin(this.#options, checkpointMs, checkpoint)
  }

  async prepare(followers: readonly string[]): Promise<void> {
    await asAdmin(this.#options, slotsMs, (admin) => ensureSlots(admin, followers))
  }

  async unprepare(): Promise<void> {
    await asAdmin(this.#options, slotsMs, dropFollowerSlots)
  }

  async stopFor(heir: string, hasAll: Parameters<Member['stopFor']>[1]) {
    const known = this.#followers.filter(({ name, streaming }) => name === heir && streaming)
    const senders = known.map(({ pid }) => pid)
    const sent = senders.length > 0 ? { senders } : {}
    const record = await stopForHeir({ ...this.#options, heir, hasAll, ...sent })
    this.#questions.close()
    this.#options.wake()
    return record
  }

  async rebuild(primary: MemberPlace, signal: AbortSignal): Promise<void> {
    const { nodeDirectory, place, size, binaries, adminPassword, directoryOf, say } = this.#options
    await removeCluster(nodeDirectory)
    const from = { place: primary, nodeDirectory: directoryOf(primary.name), adminPassword }
    const { host: address, port } = place
    const copy = { binaries, nodeDirectory, from, address, port, ...size, signal }
    await copyCluster({ ...copy, onProgress: say })
  }

  /** Nobody is to follow it under these names any more; what is kept for them would fill the disk. */
  async forget(names: readonly string[]): Promise<void> {
    await asAdmin(this.#options, slotsMs, (admin) => dropSlots(admin, names))
  }

  close(): void {
    this.#dropSession()
    this.#questions.close()
  }
}
