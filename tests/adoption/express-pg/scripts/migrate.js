const fs = require('node:fs')
const path = require('node:path')
const { pool } = require('../src/db')

const folder = path.join(__dirname, '../migrations')

async function migrate() {
  await pool.query('create table if not exists schema_migrations (name text primary key)')
  const { rows } = await pool.query('select name from schema_migrations')
  const done = rows.map((row) => row.name)
  for (const name of fs.readdirSync(folder).sort()) {
    if (done.includes(name)) continue
    await pool.query(fs.readFileSync(path.join(folder, name), 'utf8'))
    await pool.query('insert into schema_migrations (name) values ($1)', [name])
    console.log(`applied ${name}`)
  }
}

module.exports = { migrate }

if (require.main === module) {
  migrate().then(
    () => pool.end(),
    (error) => {
      console.error(error)
      process.exit(1)
    },
  )
}
