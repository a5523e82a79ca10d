/** What this process has used of a processor, in milliseconds: unlike time, it is not others' doing. */
export function cpuNow(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
