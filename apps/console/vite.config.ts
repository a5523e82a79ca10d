import { defineConfig } from 'vite'

/** Everything that a page needs is in `dist`, which control serves: nothing is loaded from elsewhere. */
export default defineConfig({
  base: '/',
  // Files that a page may not have inline: the policy of its content allows no data of scripts.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
