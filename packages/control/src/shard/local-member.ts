import { plantedFault } from '@banyan/postgres'
import {
  asAdmin,
  type Binaries,
  confirmCommits,
  copyCluster,
  dropSlots,
  followPrimary,
  lookAt,
  MemberQuestions,
  promoteServer,
  proveDead,
  removeCluster,
  stopForHeir,
  writeTerm,
} from '../engines/postgres/engine.ts'
import type { Member, MemberPlace, Role } from './member.ts'

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
    return await this.#questions.ask(timeoutMs)
  }

  async fence(): Promise<void> {
    if (plantedFault === 'leaves-orphans' && (await this.look()) === 'orphaned') return
    await proveDead(this.#options.nodeDirectory)
    this.#questions.close()
    this.#options.wake()
  }

  async start(role: Role): Promise<void> {
    await this.#options.start(role)
  }

  async promote(confirming: Parameters<Member['promote']>[0], followers: readonly string[]) {
    await promoteServer({ ...this.#options, confirming, followers })
  }

  async follow(primary: MemberPlace): Promise<void> {
    await followPrimary(this.#options.nodeDirectory, primary, this.#options)
  }

  async confirm(confirming: Parameters<Member['confirm']>[0]): Promise<void> {
    await confirmCommits({ ...this.#options, confirming })
  }

  async writeTerm(term: number): Promise<void> {
    await writeTerm({ ...this.#options, term, timeoutMs: termMs })
  }

  async checkpoint(): Promise<void> {
    await asAdmin(this.#options, checkpointMs, (admin) => admin.query('checkpoint'))
  }

  async stopFor(heir: string) {
    const record = await stopForHeir({ ...this.#options, heir })
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
    this.#questions.close()
  }
}
