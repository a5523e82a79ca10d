import type { ProcessIdentity } from './identity.ts'

/** A process to be started. */
export type Launch = {
  readonly command: readonly string[]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  /** The variable and value by which everything that belongs to the node can be found again. */
  readonly mark: { readonly name: string; readonly value: string }
  /** What the process prints is appended here by the process itself, so that it outlives us. */
  readonly logFile: string
  /** Sockets that it takes over as descriptors from 3 on, as systemd passes them. Absent: none. */
  readonly sockets?: readonly number[]
  /** Whom it runs as, where that is not who runs us. Absent: the same. */
  readonly user?: { readonly uid?: number; readonly gid?: number }
}

export type Exit = { readonly code: number | null; readonly signal: string | null }

/** Programs differ in what makes them finish what they have. */
export type StopSignal = 'SIGTERM' | 'SIGUSR1'

/** A process that was started; `exit` is null where we are not its parent and have to look. */
export type Started = { readonly identity: ProcessIdentity; readonly exit: Promise<Exit> }

/**
 * Where nodes run. Everything that control does to a process goes through here, so that no step
 * assumes that all nodes share this machine.
 */
export type Site = {
  start(launch: Launch): Promise<Started>
  isRunning(identity: ProcessIdentity): Promise<boolean>
  /** Whether it still runs and carries no other mark; asked before it is adopted or signalled. */
  isOurs(identity: ProcessIdentity, mark: Launch['mark']): Promise<boolean>
  /**
   * SIGTERM, or what it takes for an end in order, to the process and what it started, paused or not;
   * SIGKILL to whatever is left after `timeoutMs`.
   */
  stop(
    identity: ProcessIdentity | null,
    mark: Launch['mark'],
    timeoutMs: number,
    signal?: StopSignal,
  ): Promise<void>
  /** SIGHUP to the process alone: it reads its files again. */
  hangUp(identity: ProcessIdentity | null, mark: Launch['mark']): Promise<void>
  /** SIGKILL to everything of the node, without waiting: a fault on purpose. */
  strike(identity: ProcessIdentity | null, mark: Launch['mark']): Promise<void>
  /** Stops everything of the node where it stands, also what it starts meanwhile. */
  pause(identity: ProcessIdentity | null, mark: Launch['mark']): Promise<void>
  /** Lets everything of the node go on. */
  resume(identity: ProcessIdentity | null, mark: Launch['mark']): Promise<void>
  /** Whether the process was stopped where it stands. */
  isPaused(identity: ProcessIdentity): Promise<boolean>
  /** SIGKILL to everything of the node; returns when nothing of it is left. */
  kill(identity: ProcessIdentity | null, mark: Launch['mark']): Promise<void>
  /** The ports that the node listens on, as far as that can be found out. */
  listeningPorts(mark: Launch['mark']): Promise<readonly number[]>
}
