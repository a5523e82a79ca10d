export const logSchemaVersion = 1

/*
 * The id of a line is its time in milliseconds and a number within the millisecond, so that the newest come first
 * by walking the ids backwards, a span of time is a range of ids, and lines that were read late stand where they
 * belong. Node, level and trace are words of the index too (`n3`, `l40`, `t4bf9…`): the full-text index intersects
 * its own lists far faster than rows could be looked up, and stops as soon as there are enough.
 */
export const logSchema = `
  create table if not exists meta (name text primary key, value integer not null) without rowid;
  create table if not exists nodes (id integer primary key, name text not null unique);
  create table if not exists lines (
    id integer primary key, node integer not null, level integer not null, trace text, message text not null, fields text not null
  );
  create virtual table if not exists words using fts5(text, tags, content='', contentless_delete=1, tokenize='unicode61');
  create table if not exists files (
    path text primary key, inode integer not null, offset integer not null,
    head_length integer not null, head text not null, seen integer not null
  ) without rowid;
  create table if not exists event_names (id integer primary key, name text not null unique);
  create table if not exists events (
    name integer not null, day integer not null, subject integer not null, count integer not null,
    primary key (name, day, subject)
  ) without rowid;
  create table if not exists marks (
    id integer primary key, at integer not null, until integer, kind text not null, node text,
    subject text not null, sentence text not null, open integer not null
  );
  create index if not exists marks_at on marks (at);
  create index if not exists marks_open on marks (subject) where open = 1;
`

/** Lines of one millisecond have these many numbers. */
export const perMs = 4_096
/** Ids stay within 2^53 for more than sixty years from here. */
export const epochMs = 1_577_836_800_000

/** The lowest id of a time. */
export const idOf = (at: number): number => (Math.floor(at) - epochMs) * perMs

export const timeOf = (id: number): number => Math.floor(id / perMs) + epochMs
