const active = 'user.active'
const registered = 'user.registered'

/** What the people behind it want to know, computed from events that src records. */
const business = {
  'daily active users': { event: active, count: 'subjects', days: 1 },
  'weekly active users': { event: active, count: 'subjects', days: 7 },
  'monthly active users': { event: active, count: 'subjects', days: 30 },
  'retention after a day': { event: active, since: registered, retention: 1 },
  'retention after a week': { event: active, since: registered, retention: 7 },
  'retention after a month': { event: active, since: registered, retention: 30 },
  'articles a day': { event: 'article.published', count: 'events', days: 1 },
} as const

/**
 * Conduit as a system. Its services and migrations are found from the folder that the config file is
 * in, which is this one or the root of the repository: `here` leads from there to this folder.
 */
export const conduitFrom = (here: string) => ({
  name: 'conduit',
  services: {
    web: { run: `node ${here}/src/main.ts`, routes: ['/'] },
  },
  data: {
    migrations: `${here}/migrations`,
    tables: {
      users: { by: 'id', unique: ['username', 'email'] },
      articles: { by: 'author_id', unique: ['slug'] },
      article_tags: { by: 'author_id' },
      comments: { by: 'author_id' },
      favorites: { by: 'author_id' },
      follows: { by: 'follower_id' },
      settings: 'reference' as const,
    },
  },
  proof: `${here}/proof.ts`,
  telemetry: { business },
})
