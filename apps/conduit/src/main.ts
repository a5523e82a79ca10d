import { data, serve } from 'banyan'
import { buildApp } from './app.ts'

await serve(buildApp({ data, node: process.env.BANYAN_NODE ?? 'web' }))
