import { serve } from 'banyan'
import { app } from './app.ts'

await serve(app.fetch)
