/** Frameworks by package. The ones that stand on another come before it: a Nest app lists Express too. */
const frameworks: readonly (readonly [name: string, packageName: string])[] = [
  ['NestJS', '@nestjs/core'],
  ['Next.js', 'next'],
  ['Nuxt', 'nuxt'],
  ['Astro', 'astro'],
  ['SvelteKit', '@sveltejs/kit'],
  ['Remix', '@remix-run/node'],
  ['React Router', '@react-router/node'],
  ['AdonisJS', '@adonisjs/core'],
  ['Strapi', '@strapi/strapi'],
  ['Feathers', '@feathersjs/feathers'],
  ['Fastify', 'fastify'],
  ['Hono', 'hono'],
  ['Koa', 'koa'],
  ['hapi', '@hapi/hapi'],
  ['Elysia', 'elysia'],
  ['h3', 'h3'],
  ['Express', 'express'],
]

/** The framework of an app by what it depends on; null for one that nobody knows, which runs as well. */
export function findFramework(dependencies: ReadonlySet<string>): string | null {
  return frameworks.find(([, packageName]) => dependencies.has(packageName))?.[0] ?? null
}
