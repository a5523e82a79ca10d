import type { NodeStatus } from '../../api/types.ts'
import type { MemberState } from './seen-members.ts'

/** The servers of an adopted database as nodes of their own, after the one node that stands for all. */
export const memberNodes = (
  { tier, engine, host, region, shard }: NodeStatus,
  states: readonly MemberState[],
): readonly NodeStatus[] =>
  states.map(({ name, role, address, health, lagBytes, sinceMs, sentence }) => ({
    name,
    tier,
    engine,
    host,
    region,
    role,
    address,
    pid: null,
    health,
    ...(shard !== undefined && { shard }),
    ...(lagBytes !== undefined && { lagBytes }),
    uptimeMs: sinceMs === null ? null : Date.now() - sinceMs,
    sentence,
  }))
