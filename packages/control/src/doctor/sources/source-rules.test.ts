// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are code of an app
import type { Case } from '../test-cases.ts'
import { testCases } from '../test-run.ts'

const cases: readonly Case[] = [
  {
    rule: 'fixed-port',
    finds: [
      [{ web: 'import express from "express"\nconst app = express()\napp.listen(3000)' }, 3],
      [{ web: 'const port: number = 8000\nserver.listen(port, () => {})' }, 2],
      [{ web: 'await app.listen({ host: "::", port: 3000 })' }, 1],
      [{ web: "import { serve } from '@hono/node-server'\nserve({ fetch, port: 3000 })" }, 2],
    ],
    leaves: [
      { web: 'app.listen(process.env.PORT ?? 3000)' },
      { web: 'const port = Number(process.env.PORT) || 3000\napp.listen(port)' },
      { web: 'const { PORT = 3000 } = process.env\napp.listen(PORT)' },
      { web: 'app.listen({ port: settings.port })' },
      { web: 'app.listen(0)' },
      { web: 'emitter.listen("change")' },
    ],
  },
  {
    rule: 'own-pool',
    finds: [
      [{ web: "import { Pool } from 'pg'\nconst pool = new Pool()" }, 2],
      [{ web: "import pg from 'pg'\n\nexport const db = new pg.Client(url)" }, 3],
      [{ web: "const { Pool } = require('pg')\nnew Pool()", file: 'db.js' }, 2],
      [{ web: "const pg = require('pg')\nconst { Pool: P } = pg\nnew P()", file: 'db.cjs' }, 3],
      [
        {
          web: "import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(process.env.DATABASE_URL!)",
        },
        2,
      ],
    ],
    leaves: [
      { web: "import { Pool } from 'banyan/pg'\nconst pool = new Pool()" },
      { web: "import type { Pool } from 'pg'\nexport const use = (pool: Pool) => pool.query('x')" },
      { web: "import { types } from 'pg'\ntypes.setTypeParser(20, Number)" },
      {
        web: "import { drizzle } from 'drizzle-orm/node-postgres'\nimport { Pool } from 'banyan/pg'\nconst db = drizzle({ client: new Pool() })",
      },
      { web: "import { Pool } from 'generic-pool'\nnew Pool()" },
    ],
  },
  {
    rule: 'other-driver',
    finds: [
      [
        { web: "import postgres from 'postgres'\nconst sql = postgres(process.env.DATABASE_URL!)" },
        2,
      ],
      [
        {
          web: "import { PrismaClient } from '@prisma/client'\n\nconst prisma = new PrismaClient()",
        },
        3,
      ],
      [
        {
          web: "import { PrismaPg } from '@prisma/adapter-pg'\nnew PrismaPg({ connectionString: url })",
        },
        2,
      ],
      [{ web: "import knex from 'knex'\nknex({ client: 'pg', connection: url })" }, 2],
      [
        {
          web: "import { Sequelize } from 'sequelize'\nnew Sequelize(url, { dialect: 'postgres' })",
        },
        2,
      ],
    ],
    leaves: [
      {
        web: "import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient({ adapter })",
      },
      { web: "import { PrismaClient } from '@prisma/client'\nnew PrismaClient(options)" },
      { web: "import knex from 'knex'\nknex({ client: 'mysql2' })" },
      { web: "import { Sequelize } from 'sequelize'\nnew Sequelize(url, { dialect: 'sqlite' })" },
      {
        web: "import { Sequelize } from 'sequelize'\nimport pg from 'banyan/pg'\nnew Sequelize(url, { dialectModule: pg })",
      },
      { web: "import { DataSource } from 'typeorm'\nnew DataSource({ type: 'mysql' })" },
    ],
  },
  {
    rule: 'local-database',
    finds: [
      [{ web: "import { DatabaseSync } from 'node:sqlite'\nnew DatabaseSync('app.db')" }, 2],
      [
        { web: "import Database from 'better-sqlite3'\nexport const db = new Database('app.db')" },
        2,
      ],
    ],
    leaves: [{ web: "import Database from './database.js'\nnew Database('app.db')" }],
  },
  {
    rule: 'session-memory',
    finds: [
      [{ web: "import session from 'express-session'\napp.use(session({ secret: 'x' }))" }, 2],
      [{ web: "import session, { MemoryStore } from 'express-session'\nnew MemoryStore()" }, 2],
      [{ web: "import session from '@fastify/session'\napp.register(session, { secret })" }, 2],
    ],
    leaves: [
      { web: "import session from 'express-session'\napp.use(session({ secret: 'x', store }))" },
      { web: "import session from 'express-session'\napp.use(session(options))" },
      { web: "import session from 'express-session'\napp.use(session({ ...options }))" },
      { web: "import session from 'cookie-session'\napp.use(session({ secret: 'x' }))" },
      { web: "import session from '@fastify/session'\napp.register(session, { secret, store })" },
    ],
  },
  {
    rule: 'broadcast-memory',
    finds: [[{ web: "import { Server } from 'socket.io'\nconst io = new Server(http)" }, 2]],
    leaves: [
      {
        web: "import { Server } from 'socket.io'\nimport { createAdapter } from '@socket.io/postgres-adapter'\nconst io = new Server(http)",
      },
    ],
  },
  {
    rule: 'local-uploads',
    finds: [
      [{ web: "import multer from 'multer'\nconst upload = multer({ dest: 'uploads/' })" }, 2],
      [
        {
          web: "import multer from 'multer'\nmulter({ storage: multer.diskStorage({ destination: 'files' }) })",
        },
        2,
      ],
    ],
    leaves: [
      { web: "import multer from 'multer'\nmulter({ storage: multer.memoryStorage() })" },
      {
        web: "import multer from 'multer'\nimport { tmpdir } from 'node:os'\nmulter({ dest: tmpdir() })",
      },
      { web: "import multer from 'multer'\nmulter({ dest: '/tmp/uploads' })" },
    ],
  },
  {
    rule: 'cron-in-web',
    finds: [[{ web: "import cron from 'node-cron'\ncron.schedule('0 3 * * *', clean)" }, 2]],
    leaves: [{ web: "import cron from 'node-cron'\ncron.validate('0 3 * * *')" }],
  },
  {
    rule: 'interval-in-web',
    finds: [
      [{ web: "setInterval(() => pool.query('delete from sessions where old'), 1000)" }, 1],
      [
        {
          web: "async function report() {\n  await fetch('https://example.com')\n}\nsetInterval(report, 60_000)",
        },
        4,
      ],
    ],
    leaves: [
      { web: 'setInterval(() => cache.clear(), 1000)' },
      { web: "setInterval(async () => { rates = await pool.query('select * from rates') }, 1000)" },
      { web: 'setInterval(measure, 1000).unref()' },
    ],
  },
  {
    rule: 'module-state',
    finds: [
      [
        { web: "const carts = new Map()\napp.post('/', (req) => { carts.set(req.id, req.body) })" },
        1,
      ],
      [{ web: "const todos: string[] = []\napp.post('/', (req) => todos.push(req.body))" }, 1],
    ],
    leaves: [
      { web: 'const names = new Map()\nfor (const one of all) names.set(one.id, one)' },
      { web: "const known = new Map([['a', 1]])\napp.get('/', () => known.get('a'))" },
      { web: "app.get('/', () => { const seen = new Set(); seen.add(1) })" },
      { web: 'const memo = new WeakMap()\napp.get("/", (req) => memo.set(req, 1))' },
    ],
  },
  {
    rule: 'rate-limit-memory',
    finds: [
      [
        { web: "import { rateLimit } from 'express-rate-limit'\napp.use(rateLimit({ limit: 9 }))" },
        2,
      ],
      [{ web: "import limit from '@fastify/rate-limit'\napp.register(limit, { max: 9 })" }, 2],
    ],
    leaves: [
      {
        web: "import { rateLimit } from 'express-rate-limit'\napp.use(rateLimit({ limit: 9, store }))",
      },
      { web: "import limit from '@fastify/rate-limit'\napp.register(limit, { max: 9, redis })" },
    ],
  },
  {
    rule: 'local-files',
    finds: [
      [
        {
          web: "import { writeFile } from 'node:fs/promises'\napp.post('/', async (req) => {\n  await writeFile(`uploads/${req.id}`, req.body)\n})",
        },
        3,
      ],
      [{ web: "import fs from 'fs'\napp.post('/', () => fs.appendFileSync('log.txt', 'x'))" }, 2],
    ],
    leaves: [
      { web: "import { writeFile } from 'node:fs/promises'\nawait writeFile('ready', '')" },
      {
        web: "import { writeFileSync } from 'node:fs'\nimport { tmpdir } from 'node:os'\nimport { join } from 'node:path'\napp.post('/', () => writeFileSync(join(tmpdir(), 'x'), 'x'))",
      },
      { web: "import fs from 'node:fs'\napp.get('/', () => fs.readFileSync('x'))" },
    ],
  },
  {
    rule: 'abrupt-stop',
    finds: [[{ web: 'import express from "express"\nexpress().listen(process.env.PORT)' }, 2]],
    leaves: [
      { web: "import { serve } from 'banyan'\nawait serve(app)" },
      {
        web: "const server = app.listen(process.env.PORT)\nprocess.on('SIGTERM', () => server.close())",
      },
      { web: 'export const app = 1' },
    ],
  },
]

testCases(cases)
