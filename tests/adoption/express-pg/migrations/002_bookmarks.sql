create table bookmarks (
  person_id uuid not null references people (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  url text not null,
  title text not null,
  visits integer not null default 0,
  created_at timestamptz not null default now(),
  primary key (person_id, id)
);
