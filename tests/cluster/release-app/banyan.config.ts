import { defineSystem } from 'banyan'

export default defineSystem({
  name: 'released',
  services: {
    web: { run: 'node src/web.ts', routes: ['/'], stopTimeoutMs: 8_000 },
  },
  data: {
    migrations: './migrations',
    tables: { notes: { by: 'user_id' }, entries: { by: 'user_id' } },
  },
  proof: './proof.ts',
})
