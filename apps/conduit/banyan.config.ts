import { defineSystem } from 'banyan'
import { conduitFrom } from './system.ts'

export default defineSystem(conduitFrom('.'))
