/** What is known of an app from the files of its folder, before any of it is judged. */
export type AppFiles = {
  /** Absolute path of the folder. */
  readonly folder: string
  /** `package.json` as it stands, or null. */
  readonly manifest: string | null
  /** Every path that was seen, from the folder, with `/` between its parts. */
  readonly paths: readonly string[]
  /** The text of sources, environment files and compose files among them. */
  readonly texts: ReadonlyMap<string, string>
  /** Whether the environment of the command has a DATABASE_URL. */
  readonly environmentUrl: string | null
  /** Whether a package can be imported, or a program of one run, from the folder. */
  readonly hasPackage: (name: string) => boolean
  readonly hasProgram: (name: string) => boolean
}

/** Something about an app that its owner should know, at the place where it is. */
export type Note = {
  readonly file: string
  /** Null where the whole file is meant. */
  readonly line: number | null
  /** What was found, as a sentence. */
  readonly what: string
  /** The edit or command that mends it. */
  readonly mend: string
}

/** How the app is started, as it is written into the config. */
export type Start = {
  readonly run: string
  readonly build: string | null
  readonly env: Readonly<Record<string, string>>
  /** Where it was found: `scripts.start`, `main`, `src/server.ts`. */
  readonly from: string
}

/** Where the URL of the app's database comes from. Its value is a secret and is not kept. */
export type DatabaseSource = {
  /** The variable that holds it. */
  readonly variable: string
  /** `environment`, or the file. */
  readonly where: string
  readonly line: number | null
  /** Whether the config has to read the file by itself, because nobody else does. */
  readonly load: boolean
}

/** A library through which the app speaks to its database. */
export type Driver = {
  readonly name: string
  /** How it becomes Banyan's: one edit, by file and line where the place was found. */
  readonly next: string
}

/** An app that can be taken in as it is. */
export type AdoptedApp = {
  readonly kind: 'app'
  readonly name: string
  readonly framework: string | null
  readonly start: Start
  readonly database: DatabaseSource | null
  /** Whether the app uses PostgreSQL, though nobody said where that is. */
  readonly needsDatabase: boolean
  readonly drivers: readonly Driver[]
  readonly warnings: readonly Note[]
}

/** What a folder turned out to be. */
export type Adoption =
  | AdoptedApp
  /** Nothing that would be in the way of a new app. */
  | { readonly kind: 'empty'; readonly name: string; readonly manifest: string | null }
  /** An app, or something else, that cannot be taken in before something is mended. */
  | { readonly kind: 'refused'; readonly faults: readonly Note[] }
