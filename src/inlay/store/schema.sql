-- The tables of a store of version 1; schema.py moves them up. Documented in docs/schema.md; times are naive UTC.
-- Metric points are by far the most rows: they are kept by an integer series id, and read through the views
-- `metrics` and `metric_summary`.

CREATE TABLE schema_version (version INTEGER NOT NULL, inlay VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL);

CREATE TABLE experiments (
    experiment_id INTEGER NOT NULL,
    name          VARCHAR NOT NULL,
    description   VARCHAR,
    tags          VARCHAR,            -- JSON object
    created_at    TIMESTAMP
);

CREATE TABLE runs (
    run_id        UUID NOT NULL,
    experiment_id INTEGER,
    parent_run_id UUID,
    name          VARCHAR,
    status        VARCHAR,            -- running finished failed interrupted killed
    started_at    TIMESTAMP,
    ended_at      TIMESTAMP,
    duration_s    DOUBLE,
    source_kind   VARCHAR,            -- notebook script terminal
    source_name   VARCHAR,
    notebook      VARCHAR,
    cell_id       VARCHAR,
    session_id    UUID,
    execution_seq BIGINT,
    code_hash     VARCHAR,
    env_hash      VARCHAR,
    git_commit    VARCHAR,
    git_dirty     BOOLEAN,
    git_branch    VARCHAR,
    git_remote    VARCHAR,
    host          VARCHAR,
    user_name     VARCHAR,
    pid           BIGINT,
    error_type    VARCHAR,
    error_message VARCHAR,
    traceback     VARCHAR,
    note          VARCHAR,
    deleted_at    TIMESTAMP,
    writer        UUID                -- the journal stream that may end the run
);

CREATE TABLE params (
    run_id UUID NOT NULL,
    key    VARCHAR NOT NULL,
    value  VARCHAR,                   -- text as it is, anything else as JSON
    number DOUBLE,                    -- set when the value is a number
    type   VARCHAR,                   -- string or json: how to read `value` back
    time   TIMESTAMP
);
-- Values that a later one replaced.
CREATE TABLE param_history (
    run_id UUID NOT NULL,
    key    VARCHAR NOT NULL,
    value  VARCHAR,                   -- text as it is, anything else as JSON
    number DOUBLE,                    -- set when the value is a number
    type   VARCHAR,                   -- string or json: how to read `value` back
    time   TIMESTAMP
);
CREATE TABLE tags (run_id UUID NOT NULL, key VARCHAR NOT NULL, value VARCHAR);

CREATE TABLE series (
    series_id  INTEGER NOT NULL,
    run_id     UUID NOT NULL,
    key        VARCHAR NOT NULL,
    count      BIGINT NOT NULL,
    nonfinite  BIGINT NOT NULL,       -- points that are NaN or infinite
    first      DOUBLE,
    first_step BIGINT,
    last       DOUBLE,                -- of the largest step; of equal steps, the one logged last
    last_step  BIGINT,
    min        DOUBLE,                -- NaN left out
    max        DOUBLE
);
CREATE TABLE points (series_id INTEGER, step BIGINT, time TIMESTAMP, value DOUBLE);

CREATE VIEW metrics AS
SELECT s.run_id, s.key, p.step, p.time, p.value
FROM points p JOIN series s USING (series_id);

CREATE VIEW metric_summary AS
SELECT run_id, key, last, last_step, min, max, first, count, nonfinite
FROM series WHERE count > 0;

CREATE TABLE artifacts (
    run_id     UUID NOT NULL,
    path       VARCHAR NOT NULL,
    hash       VARCHAR,               -- SHA-256, the blob's name in artifacts/
    bytes      BIGINT,
    mime       VARCHAR,
    kind       VARCHAR,
    created_at TIMESTAMP
);
CREATE TABLE inputs (
    run_id UUID NOT NULL, name VARCHAR, digest VARCHAR, kind VARCHAR,
    rows BIGINT, columns BIGINT, schema VARCHAR, source VARCHAR
);
CREATE TABLE outputs (run_id UUID NOT NULL, tail VARCHAR, bytes BIGINT, time TIMESTAMP);

CREATE TABLE sessions (
    session_id UUID NOT NULL, kind VARCHAR, python VARCHAR, host VARCHAR, pid BIGINT, started_at TIMESTAMP
);
CREATE TABLE executions (
    session_id UUID NOT NULL, seq BIGINT, cell_id VARCHAR, code_hash VARCHAR,
    started_at TIMESTAMP, ended_at TIMESTAMP, ok BOOLEAN
);
CREATE TABLE sources (code_hash VARCHAR NOT NULL, source VARCHAR, transformed VARCHAR);
CREATE TABLE environments (
    env_hash VARCHAR NOT NULL, python VARCHAR, platform VARCHAR,
    packages VARCHAR, hardware VARCHAR, variables VARCHAR   -- JSON objects
);

-- What has been taken from each journal, in the same transaction as the rows it became.
CREATE TABLE ingest_progress (
    writer UUID NOT NULL, segment INTEGER NOT NULL, "offset" BIGINT NOT NULL, last_time DOUBLE
);
CREATE TABLE writer_series (writer UUID NOT NULL, local_id BIGINT NOT NULL, series_id INTEGER NOT NULL);
-- Size of the file after the last compaction, to tell when the next one is worth it.
CREATE TABLE compaction (bytes BIGINT NOT NULL, points BIGINT NOT NULL);
