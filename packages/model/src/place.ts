/** Where a server listens, as people write it; the folder of a Unix socket names its file. */
export const joinPlace = (host: string, port: number): string => {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
