/** The acting half. Everybody outside asks it through its API; nothing else of it is public. */
export * from './api/client.ts'
