/** The backslash commands: what each asks the catalog. */

const tables = `select n.nspname as schema, c.relname as name,
    case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
      when 'm' then 'materialized view' when 'S' then 'sequence' else 'foreign table' end as type,
    pg_get_userbyid(c.relowner) as owner
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = any ($1::text::"char"[])
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
    and has_schema_privilege(n.oid, 'usage')
  order by 1, 2`

const columnsOf = (
  name: string,
) => `select a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
    case when a.attnotnull then 'not null' else '' end as nullable,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = ${literal(name)}::regclass and a.attnum > 0 and not a.attisdropped
  order by a.attnum`

const indexesOf = (name: string) => `select pg_get_indexdef(indexrelid) as index
  from pg_index where indrelid = ${literal(name)}::regclass order by 1`

/** The queries that a backslash command stands for, or null for one that nobody knows. */
export function describeQueries(command: string): readonly string[] | null {
  const [name = '', ...words] = command.trim().replace(/;$/, '').split(/\s+/)
  const argument = words.join(' ')
  if (name === '\\d' && argument !== '') return [columnsOf(argument), indexesOf(argument)]
  if (name === '\\d') return [tables.replace('$1', literal('{r,p,v,m,S,f}'))]
  if (name === '\\dt') return [tables.replace('$1', literal('{r,p}'))]
  return null
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
