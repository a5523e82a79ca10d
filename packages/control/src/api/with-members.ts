import type { Status } from './types.ts'

/** As people see it: the servers of an adopted database, where it has several, in place of their one node. */
export const withMembers = (status: Status): Status => ({
  ...status,
  nodes: status.nodes.flatMap((node) => node.members ?? [node]),
})
