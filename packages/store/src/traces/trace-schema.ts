export const traceSchemaVersion = 1

/* A row of `traces` is what its spans add up to; it is made anew when more of them come. */
export const traceSchema = `
  create table if not exists meta (name text primary key, value integer not null) without rowid;
  create table if not exists spans (
    trace text not null, span text not null, parent text, node text not null, name text not null, kind text not null,
    at real not null, duration real not null, error text, attributes text not null,
    primary key (trace, span)
  ) without rowid;
  create table if not exists traces (
    trace text primary key, at real not null, duration real not null, name text not null, route text,
    status integer, error integer not null, nodes text not null, spans integer not null
  );
  create index if not exists traces_at on traces (at);
`
