// At the root of this repository `npx banyan …` acts on the reference app.
import { defineSystem } from 'banyan'
import { conduitFrom } from './apps/conduit/system.ts'

export default defineSystem(conduitFrom('./apps/conduit'))
