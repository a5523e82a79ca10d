import { buildApp } from './app.ts'
import { pool } from './db.ts'

const app = buildApp()
app.addHook('onClose', () => pool.end())
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '127.0.0.1' })

process.on('SIGTERM', () => app.close())
