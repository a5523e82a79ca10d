/** The few pages that are there without any built file: plain text in plain markup, as the policy wants it. */

export const signInPage = page(
  'Not signed in',
  'This browser is not signed in to this console, or its address was opened before: each address is for one use.',
  'In the folder of the system, run this, and open the address that it prints:',
  'npx banyan console',
)

export const notBuiltPage = page(
  'The console is not built',
  'Control runs, and the files of its page are missing.',
  'Build them, then start the system anew:',
  'npm run build --workspace apps/console',
)

function page(title: string, what: string, how: string, command: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} – Banyan</title>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      <p>${what}</p>
      <p>${how}</p>
      <pre><code>${command}</code></pre>
    </main>
  </body>
</html>
`
}
