-- That an email belongs to one person is said in banyan.config.ts: it holds over every server.
create table people (
  id uuid primary key,
  email text not null,
  name text not null
);

-- A note lives with its person: person_id comes first in the primary key.
create table notes (
  person_id uuid not null references people (id),
  id uuid not null default gen_random_uuid(),
  body text not null,
  written timestamptz not null default now(),
  primary key (person_id, id)
);
