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
})
