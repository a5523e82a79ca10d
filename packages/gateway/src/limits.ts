export { type GatewayLimits, gatewayLimits as defaultLimits } from '@banyan/model'

/**
 * A client that honours the advertised timeout may send until its very end; what it sent then still
 * has to travel. So the connection stays open for this long beyond the advertised time.
 */
export const keepAliveGraceMs = 1_000
