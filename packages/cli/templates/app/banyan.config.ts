import { defineSystem } from 'banyan'

export default defineSystem({
  name: 'my-app',
  services: {
    web: { run: 'node src/web.ts', routes: ['/'] },
  },
  data: {
    migrations: './migrations',
    tables: {
      people: { by: 'id', unique: ['email'] },
      notes: { by: 'person_id' },
    },
  },
})
