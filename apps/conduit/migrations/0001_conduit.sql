-- Everything that a user wrote lives with that user: the shard key of each table is a user's id, and
-- it leads the primary key. Foreign keys stay within one shard key; across users there are only ids.
--
-- Username, email and slug are unique over the whole system. Banyan keeps that by lookup tables (see
-- `unique` in system.ts), so that no unique index on them stands here: it would see one shard only.

create table users (
  id uuid primary key,
  username text not null,
  email text not null,
  bio text,
  image text,
  password_hash text not null,
  articles_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- The number of articles of the whole system is the sum over this small index, read by itself.
create index users_articles_count on users (articles_count) where articles_count > 0;

-- Ids are UUIDv7: they sort by time of birth, so that "newest first" is "id descending" everywhere.
create table articles (
  author_id uuid not null references users (id),
  id uuid not null,
  slug text not null,
  title text not null,
  description text not null,
  body text not null,
  favorites_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (author_id, id)
) with (fillfactor = 90);

create index articles_newest on articles (id desc, author_id);
create index articles_slug on articles (author_id, slug);

create table article_tags (
  author_id uuid not null,
  article_id uuid not null,
  tag text not null,
  position smallint not null,
  primary key (author_id, article_id, tag),
  foreign key (author_id, article_id) references articles (author_id, id) on delete cascade
);

create index article_tags_newest on article_tags (tag, article_id desc, author_id);

-- author_id is the author of the article; who wrote the comment is commenter_id. The id is a whole
-- number that JavaScript can hold exactly, ordered by time, unique within its article.
create table comments (
  author_id uuid not null,
  article_id uuid not null,
  id bigint not null,
  commenter_id uuid not null,
  body text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (author_id, article_id, id),
  foreign key (author_id, article_id) references articles (author_id, id) on delete cascade
);

create table favorites (
  author_id uuid not null,
  article_id uuid not null,
  user_id uuid not null,
  primary key (author_id, article_id, user_id),
  foreign key (author_id, article_id) references articles (author_id, id) on delete cascade
);

create index favorites_newest on favorites (user_id, article_id desc, author_id);

create table follows (
  follower_id uuid not null references users (id),
  followee_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (follower_id, followee_id)
);

-- A reference table: the same on every shard. The secret signs the tokens of logged-in users; two
-- random UUIDs have 244 random bits, from the server's strong generator.
create table settings (
  name text primary key,
  value text not null
);

insert into settings (name, value)
values ('token_secret', gen_random_uuid()::text || gen_random_uuid()::text);
