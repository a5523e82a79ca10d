import { data, serve } from 'banyan'
import { record } from 'banyan/telemetry'
import { buildApp } from './app.ts'

await serve(buildApp({ data, node: process.env.BANYAN_NODE ?? 'web', record }))
