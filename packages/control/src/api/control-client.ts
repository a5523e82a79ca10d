import type { BanyanError } from '@banyan/model'
import type { StatePaths } from '../state/paths.ts'
import { findControl, neededMs } from './find-control.ts'
import { ask, askJson, readLines } from './transport.ts'
import type {
  Attendance,
  ChangeRequest,
  ClimbReport,
  ClimbRequest,
  ControlEvent,
  LossReport,
  ReleaseList,
  Status,
  SwitchoverReport,
  SwitchoverRequest,
} from './types.ts'

/**
 * Talks to the control process of a state directory.
 *
 * @example
 * const control = await ControlClient.find(statePaths('.banyan'))
 * console.log((await control?.status())?.sentence)
 */
export class ControlClient {
  readonly #findSocket: () => string

  /** `socket` may be asked for each time, for somebody who follows one control after another. */
  constructor(socket: string | (() => string)) {
    this.#findSocket = typeof socket === 'string' ? () => socket : socket
  }

  get #socket(): string {
    return this.#findSocket()
  }

  /** The control that runs, or null. */
  static async find(paths: StatePaths): Promise<ControlClient | null> {
    const file = await findControl(paths)
    return file === null ? null : new ControlClient(file.socket)
  }

  /** The control that runs, for whoever can do nothing without: one that is on its way is waited for longer. */
  static async need(paths: StatePaths, notRunning: () => BanyanError): Promise<ControlClient> {
    const file = await findControl(paths, neededMs)
    if (file === null) throw notRunning()
    return new ControlClient(file.socket)
  }

  /** Everything that control knows now. */
  async status(): Promise<Status> {
    return await askJson(this.#socket, 'GET', '/status')
  }

  /** Every release that was asked for, newest first. */
  async releases(): Promise<ReleaseList> {
    return await askJson(this.#socket, 'GET', '/releases')
  }

  /** What control has said so far and what it says from now on, until it ends or the signal comes. */
  async *events(signal?: AbortSignal): AsyncGenerator<ControlEvent> {
    const response = await ask(this.#socket, 'GET', '/events')
    signal?.addEventListener('abort', () => response.destroy())
    yield* readLines<ControlEvent>(response)
  }

  /** SIGKILL for a node, named by itself or by its role. */
  async kill(node: string): Promise<{ node: string; pid: number }> {
    return await askJson(this.#socket, 'POST', '/kill', { node })
  }

  /** Stops every process of a node where it stands. */
  async pause(node: string): Promise<{ readonly node: string }> {
    return await askJson(this.#socket, 'POST', '/pause', { node })
  }

  /** Lets a node that was paused go on. */
  async resume(node: string): Promise<{ readonly node: string }> {
    return await askJson(this.#socket, 'POST', '/resume', { node })
  }

  /** Cuts a node off from everybody, or from another node where that can be told apart. */
  async partition(node: string, from: string | null = null): Promise<{ readonly node: string }> {
    return await askJson(this.#socket, 'POST', '/partition', { node, from })
  }

  /** Mends what `partition` has cut. */
  async heal(node: string): Promise<{ readonly node: string }> {
    return await askJson(this.#socket, 'POST', '/heal', { node })
  }

  /** An address of the console that opens it once, within ten minutes. */
  async consoleUrl(): Promise<string> {
    const { url } = await askJson<{ url: string }>(this.#socket, 'POST', '/console-token')
    return url
  }

  /** Has another member take the writes; returns when it does. Refused before anything is done, or not at all. */
  async switchover(request: SwitchoverRequest): Promise<SwitchoverReport> {
    return await askJson(this.#socket, 'POST', '/switchover', request)
  }

  /** What `switchover` with `acceptLoss` may lose now. Refused where nothing has to be. */
  async loss(to: string | null): Promise<LossReport> {
    return await askJson(this.#socket, 'POST', '/loss', { to })
  }

  /** Begins a climb and returns at once, with its name. Refused whole where it cannot be done. */
  async climb(request: ClimbRequest): Promise<{ readonly climb: string }> {
    return await askJson(this.#socket, 'POST', '/climb', request)
  }

  /** Returns when a climb has ended, with how it went. */
  async climbEnd(climb: string): Promise<ClimbReport> {
    return await askJson(this.#socket, 'POST', '/climb/end', { climb })
  }

  /** Has a climb go back to where it came from. */
  async turnBack(climb: string): Promise<void> {
    await askJson(this.#socket, 'POST', '/climb/turn', { climb })
  }

  /** Has files that were edited taken over; what came of it is said by an event. */
  async change(request: ChangeRequest): Promise<void> {
    await askJson(this.#socket, 'POST', '/change', request)
  }

  /** Returns when the system is up, with how it runs. */
  async attend(): Promise<Attendance> {
    return await askJson(this.#socket, 'POST', '/attend')
  }

  /** Stops everything where nobody is left for whom it runs. */
  async release(): Promise<{ readonly stopped: boolean }> {
    return await askJson(this.#socket, 'POST', '/release')
  }

  /** Stops everything in order, and returns when it is stopped. */
  async down(): Promise<void> {
    await askJson(this.#socket, 'POST', '/down')
  }
}
