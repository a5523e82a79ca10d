import type { GatewayLimits } from '@banyan/model'

/** The gateway's limits, as far as HAProxy has them. */
export type HaproxyLimits = Omit<GatewayLimits, 'answerHeadBytesMax' | 'connectionsMax'>
