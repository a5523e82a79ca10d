import { landingScript } from './landing-script.ts'

/** What the landing page tells. */
export type LandingFacts = {
  readonly node: string
  readonly articles: number
  readonly users: number
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign)

const number = new Intl.NumberFormat('en')

const style = `
  :root { color-scheme: light dark; --line: light-dark(#d5dbd3, #333b35); --dim: light-dark(#586358, #9caa9e) }
  * { box-sizing: border-box }
  body { margin: 0 auto; max-width: 42rem; padding: 2.5rem 1.25rem 4rem; font: 1.0625rem/1.6 system-ui, sans-serif;
    background: light-dark(#fcfdfb, #141815); color: light-dark(#1c241d, #e4eae4) }
  h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem }
  h2 { font-size: 1.125rem; margin: 2.5rem 0 .5rem }
  p { margin: 0 0 1rem }
  a { color: light-dark(#17683c, #74d19c) }
  dl { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 }
  dl div { flex: 1 1 8rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem }
  dt { color: var(--dim); font-size: .875rem }
  dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
  ul { padding: 0; margin: 0; list-style: none }
  li { padding: .5rem 0; border-bottom: 1px solid var(--line) }
  li span { color: var(--dim); display: block; font-size: .9375rem }
  pre { margin: 0; padding: 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; font-size: .9375rem }
  pre i { font-style: normal; color: var(--dim) }
  #live { min-height: 1.6em; color: var(--dim); overflow-wrap: anywhere }`

const links = [
  ['/api/articles', 'the newest articles'],
  ['/api/articles?limit=5&offset=20', 'a later page, of five'],
  ['/api/tags', 'every tag in use'],
  ['/-/ready', 'whether this node takes requests'],
] as const

const commands = [
  ['npm run seed -- --users 10000', 'fills it with people, articles and a celebrity'],
  ['npx banyan status', 'what runs, and how it is'],
  ['npx banyan logs --follow', 'what it says'],
  ['npx banyan sql', 'its database'],
  ['npx banyan kill primary', 'ends the database; it comes back by itself'],
  ['npx banyan down', 'stops everything, keeps the data'],
] as const

const fact = (name: string, value: string) =>
  `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`

const link = ([href, text]: readonly [string, string]) =>
  `<li><a href="${escapeHtml(href)}">${escapeHtml(href)}</a> <span>${escapeHtml(text)}</span></li>`

const width = Math.max(...commands.map(([command]) => command.length))
const command = ([text, does]: readonly [string, string]) =>
  `${escapeHtml(text.padEnd(width))}  <i># ${escapeHtml(does)}</i>`

/** The page at `/`: what runs here, how much of it there is, and what to try next. */
export const landingPage = ({ node, articles, users }: LandingFacts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conduit on Banyan</title>
<style>${style}
</style>
</head>
<body>
<main>
<h1>Conduit on Banyan</h1>
<p>This is the <a href="https://realworld-docs.netlify.app/">RealWorld</a> blog API, a real app with
users, articles, comments and feeds. Banyan runs it, with its database, on this machine, and can let it
grow from here without a rewrite and without a pause.</p>
<dl>
${fact('Articles', number.format(articles))}
${fact('Users', number.format(users))}
${fact('Answered by', node)}
</dl>
<p id="live" role="status"></p>
<h2>Try it</h2>
<ul>
${links.map(link).join('\n')}
</ul>
<h2>Go on, in the folder of the project</h2>
<pre>${commands.map(command).join('\n')}</pre>
</main>
<script>${landingScript}</script>
</body>
</html>
`
