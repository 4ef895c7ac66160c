/** What is in the schema `warpmap` of the database. The queue of pg-boss has a schema of its own, `warpmap_queue`. */

/** Each brings the schema from the version that is its position to the next; none is ever changed. */
export const migrations: readonly string[] = [
  `
  create table warpmap.calls (
    id text primary key,
    key text unique,
    function text not null,
    version int,
    queue text not null,
    -- Plain data here is MessagePack, which keeps all that can travel.
    options bytea not null,
    retries bytea,
    single boolean not null,
    state text not null default 'open',
    sealed boolean not null default false,
    chunks int not null default 0,
    inputs bigint not null default 0,
    done bigint not null default 0,
    failed bigint not null default 0,
    cancelled bigint not null default 0,
    retried bigint not null default 0,
    -- Number of the last outcome. Whoever adds one holds the row, so that their order is that of the commits.
    outcomes bigint not null default 0,
    -- The turn of chunk 0, as of the last one that was appended; see turns.ts.
    turn bigint not null default 0,
    last_chunk int not null default -1,
    created timestamptz not null default clock_timestamp(),
    fed timestamptz not null default clock_timestamp(),
    finished timestamptz
  );
  create index calls_created on warpmap.calls (created);
  create index calls_unfinished on warpmap.calls (queue) where state in ('open', 'sealed');

  create table warpmap.queues (
    name text primary key,
    turn int not null default 0
  );

  create table warpmap.chunks (
    call text not null,
    index int not null,
    first bigint not null,
    count int not null,
    block bytea not null,
    -- Inputs without an outcome.
    remaining int not null,
    turn int not null,
    fence int not null default 0,
    losses int not null default 0,
    -- How often the function failed on inputs: [position, times, …].
    failures json,
    -- The job of pg-boss that stands for it; null where nothing is to be done.
    ticket uuid,
    node text,
    -- Null where nobody has it.
    leased_until timestamptz,
    -- When a lease or a delay began. In the future it did so before the clock was set back.
    since timestamptz,
    primary key (call, index)
  );
  -- Blocks are packed already, or small; compressing them costs more than it saves.
  alter table warpmap.chunks alter block set storage external;
  create index chunks_leased on warpmap.chunks (leased_until, call) where leased_until is not null;
  create index chunks_since on warpmap.chunks (since) where since is not null;

  create table warpmap.outcomes (
    call text not null,
    first bigint not null,
    count int not null,
    number bigint not null,
    block bytea,
    failure bytea,
    primary key (call, first)
  );
  alter table warpmap.outcomes alter block set storage external;
  create unique index outcomes_number on warpmap.outcomes (call, number);
  create index outcomes_failed on warpmap.outcomes (call, first) where failure is not null;

  create table warpmap.logs (
    call text not null,
    number bigint not null,
    line bytea not null,
    primary key (call, number)
  );
  create table warpmap.log_heads (
    call text primary key,
    number bigint not null
  );

  create table warpmap.objects (
    key text collate "C" primary key,
    content uuid not null,
    bytes bigint not null,
    modified timestamptz not null
  );
  create table warpmap.contents (
    id uuid primary key,
    -- When it was begun, or was replaced: what no object has, and is that old, is swept.
    dropped timestamptz
  );
  create index contents_dropped on warpmap.contents (dropped) where dropped is not null;
  create table warpmap.pieces (
    content uuid not null,
    number int not null,
    bytes bytea not null,
    primary key (content, number)
  );
  alter table warpmap.pieces alter bytes set storage external;
  `,
];
