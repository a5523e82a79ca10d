create table notes (
  user_id text primary key,
  legacy text
);

create table entries (
  user_id text not null,
  id bigint generated always as identity,
  word text not null,
  primary key (user_id, id)
);
