export { Gateway, type GatewayOptions, type PublicPlace } from './gateway.ts'
export { defaultLimits, type GatewayLimits } from './limits.ts'
