/**
 * The one error of Banyan and the catalogue of its codes. A code is never reused for something else.
 * `docs/reference/errors.md` is held equal to this table by a test.
 */
export const errorCatalogue = {
  BANYAN_CONFIG_INVALID: 'The config file has faults; every one is listed.',
  BANYAN_CONFIG_FAILED: 'The config file threw an error, or did not export a system.',
  BANYAN_CONFIG_TIMEOUT: 'The config file did not finish within its deadline.',
  BANYAN_CONFIG_NOT_FOUND: 'There is no config file at the path.',
  BANYAN_RUNG_UNKNOWN: 'There is no rung of this name.',
  BANYAN_STEP_REFUSED: 'A step of a climb cannot be done in the state that the system is in.',
  BANYAN_SERVE_UNKNOWN_APP: '`serve` was given something that it cannot serve.',
  BANYAN_SERVE_LISTENING: '`serve` was given an app that listens already.',
  BANYAN_PORT_INVALID: 'PORT is not a number from 0 to 65535.',
  BANYAN_PORT_TAKEN: 'Another process listens on the port.',
  BANYAN_LISTEN_FAILED: 'The address cannot be listened on.',
  BANYAN_LISTEN_SOCKET_INVALID:
    'The environment announces a passed socket that is not there or not one.',
  BANYAN_NOT_READY: 'The process is starting and too many requests wait already.',
  BANYAN_HANDLER_FAILED: 'A request handler threw an error or answered with something unusable.',
  BANYAN_BODY_TOO_LARGE: 'The body of a request is larger than the limit of `serve`.',
  BANYAN_HEADERS_TOO_LARGE: 'The headers of a request are larger than the limit of `serve`.',
  BANYAN_REQUEST_MALFORMED: 'A request is not valid HTTP.',
  BANYAN_REQUEST_TIMEOUT: 'A request did not arrive within the time limit of `serve`.',
  BANYAN_POSTGRES_NOT_FOUND: 'There is no PostgreSQL where the system says.',
  BANYAN_POSTGRES_UNSUPPORTED: 'The PostgreSQL that was found is too old.',
  BANYAN_POSTGRES_USER_INVALID: 'There is no unprivileged user that PostgreSQL could run under.',
  BANYAN_POSTGRES_INIT_FAILED: 'A database cluster could not be made.',
  BANYAN_POSTGRES_START_FAILED: 'PostgreSQL did not come up.',
  BANYAN_POSTGRES_STOP_FAILED: 'A PostgreSQL process could not be ended.',
  BANYAN_DISK_FULL: 'There is not enough space on the disk.',
  BANYAN_DATA_FOREIGN: 'A data directory was not made by Banyan, or belongs to another node.',
  BANYAN_DATA_BROKEN: 'A data directory or its node file is incomplete.',
  BANYAN_DATA_NEWER: 'A node directory was written by a newer version of Banyan.',
  BANYAN_DATA_VERSION: 'A data directory was made by another major version of PostgreSQL.',
  BANYAN_NO_SYSTEM: 'The process runs outside of a system, so that there is no database to reach.',
  BANYAN_SYSTEM_FILE_INVALID: 'The file named by BANYAN_SYSTEM cannot be read or is not one.',
  BANYAN_SYSTEM_FILE_NEWER: 'The file named by BANYAN_SYSTEM was written by a newer Banyan.',
  BANYAN_NO_DATABASE: 'The system declares no data tier, or no sharded table to take a key.',
  BANYAN_KEY_UNLISTED: 'A transaction over several keys was asked for a key that it does not list.',
  BANYAN_LOOKUP_UNKNOWN: 'The system declares no such unique value.',
  BANYAN_LOOKUP_INVALID: 'The value of a lookup is missing, or has not the columns that it needs.',
  BANYAN_CONSISTENCY_INVALID: 'A consistency level is none of the known ones.',
  BANYAN_OPTION_INVALID: 'An option of a data call is unknown or has a wrong value.',
  BANYAN_SQL_INVALID: 'A statement has a part that cannot become SQL or a parameter.',
  BANYAN_DATABASE_UNAVAILABLE:
    'The database could not be reached within the time that requests are held.',
  BANYAN_CONNECTIONS_BUSY: 'All connections of the process stayed busy for too long.',
  BANYAN_CONNECTION_LOST:
    'The connection was lost before the transaction was committed; nothing of it stays.',
  BANYAN_OUTCOME_UNKNOWN:
    'The connection was lost after a write was sent; it may have been done or not.',
  BANYAN_TRANSACTION_ABORTED:
    'A statement of the transaction had failed, so that it was rolled back.',
  BANYAN_TRANSACTION_ENDED:
    'A transaction was used after its end, or ended by a statement of its own.',
  BANYAN_TRANSACTION_BUSY: 'A transaction was used from outside while a savepoint of it runs.',
  BANYAN_DATA_CLOSED: 'The data runtime of the process was closed.',
  BANYAN_KEY_INVALID: "A key is missing, or cannot be brought to the system's key type.",
  BANYAN_DATABASE_FOREIGN:
    'The database exists and belongs to somebody else; it was left as it is.',
  BANYAN_DATABASE_NEWER: 'The database was prepared by a newer version of Banyan.',
  BANYAN_TABLES_INVALID: 'The declared tables do not fit the database; every fault is listed.',
  BANYAN_UNIQUE_DUPLICATES: 'Values that are declared unique exist more than once already.',
  BANYAN_MIGRATIONS_NOT_FOUND: 'The folder of migrations does not exist.',
  BANYAN_MIGRATIONS_INVALID: 'Migration files have faults; every one is listed and none was run.',
  BANYAN_MIGRATION_EDITED: 'A migration was changed after it was applied.',
  BANYAN_MIGRATION_FAILED: 'A migration failed; what it did was rolled back.',
  BANYAN_MIGRATION_UNFINISHED: 'A migration without a transaction began and did not finish.',
  BANYAN_MIGRATION_CANCELLED: 'A migration was cancelled; what it did was rolled back.',
  BANYAN_STATE_FOREIGN: 'The state directory is a file, or holds something that is not ours.',
  BANYAN_STATE_NEWER: 'The state directory was made by a newer version of Banyan.',
  BANYAN_STATE_BROKEN: 'A file of the state directory cannot be read.',
  BANYAN_STATE_UNWRITABLE: 'The state directory cannot be written.',
  BANYAN_STATE_OTHER_SYSTEM: 'The state directory belongs to another system than the config.',
  BANYAN_ALREADY_RUNNING: 'The system of the state directory runs already.',
  BANYAN_NOT_RUNNING: 'Nothing runs that could do what was asked for.',
  BANYAN_CONTROL_FAILED: 'The control process ended, or did not answer.',
  BANYAN_INTERRUPTED: 'It was interrupted, and what it had started was stopped.',
  BANYAN_SERVICE_CRASHED: 'A service ends each time as soon as it is started.',
  BANYAN_SERVICE_NOT_READY: 'A service did not become ready within its time.',
  BANYAN_SERVICE_NOT_FOUND: 'The program of a service does not exist or cannot be run.',
  BANYAN_ENTRY_UNSUPPORTED: 'The system needs an entry that the present rungs do not have.',
  BANYAN_NODE_UNKNOWN: 'There is no node of that name.',
  BANYAN_USAGE_INVALID: 'The command line is wrong.',
  BANYAN_CONFIRMATION_NEEDED: 'Something would be deleted, and nobody confirmed it.',
  BANYAN_SQL_FAILED: 'The database refused a statement.',
  BANYAN_REQUEST_UNKNOWN: 'The control API has no such request.',
} as const

export type ErrorCode = keyof typeof errorCatalogue

export type BanyanErrorOptions = {
  /** The command or edit that mends it. */
  hint?: string
  cause?: unknown
  /** Typed, JSON-like facts for programs. */
  details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('banyan.error')

/** An error with a stable code, a message that names the culprit, and a hint that mends it. */
export class BanyanError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  readonly [brand] = true

  constructor(code: ErrorCode, message: string, options: BanyanErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BanyanError'
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
  }

  /** Whether a value is a BanyanError, also one made by another copy of this package. */
  static is(value: unknown): value is BanyanError {
    return typeof value === 'object' && value !== null && brand in value
  }
}
