/**
 * The environment of every PostgreSQL process: nothing of ours, so that no secret and no `PG*`
 * variable reaches it, and messages in English, since we read some of them.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}
