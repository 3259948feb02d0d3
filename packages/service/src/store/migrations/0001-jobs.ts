/**
 * A narrow row a job, so that a list that has to look at many reads little; its request, transitions and tags beside it.
 * Without row ids every index ends in the job's id, which is what lists are sorted by last.
 */
export const jobs = `
create table processing_job (
  id text primary key not null,
  name text not null unique,
  arn text not null,
  instance_count integer not null,
  status text not null,
  phase text not null,
  created_at integer not null,
  started_at integer,
  ended_at integer,
  modified_at integer not null,
  stop_requested_at integer,
  exit_message text,
  failure_reason text,
  leased_by text,
  leased_until integer
) strict, without rowid;

-- one for each order of a list, with and without a status; each holds all that lists filter by, so that a page which
-- matches little is looked for in the index alone
create index processing_job_by_creation on processing_job (created_at, id, name, status, modified_at);
create index processing_job_by_name on processing_job (name, status, created_at, modified_at);
create index processing_job_by_status on processing_job (status, created_at, id, name, modified_at);
create index processing_job_by_status_and_name on processing_job (status, name, created_at, modified_at);

-- the controller's: few rows, however many jobs have ended
create index processing_job_unfinished on processing_job (phase, status) where ended_at is null;
create index processing_job_finished on processing_job (ended_at) where ended_at is not null;

create table processing_job_request (
  job_id text primary key not null references processing_job (id) on delete cascade,
  request text not null
) strict;

-- rows live until their job ends
create table processing_job_session (
  access_key_id text primary key not null,
  job_id text not null unique references processing_job (id) on delete cascade,
  secret_access_key text not null,
  session_token text not null
) strict, without rowid;

create table processing_job_transition (
  job_id text not null references processing_job (id) on delete cascade,
  sequence integer not null,
  at integer not null,
  status text not null,
  phase text not null,
  note text,
  primary key (job_id, sequence)
) strict, without rowid;

create table processing_job_tag (
  job_id text not null references processing_job (id) on delete cascade,
  key text not null,
  value text not null,
  primary key (job_id, key)
) strict, without rowid;
`;
