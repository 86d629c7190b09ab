-- prod: the whole schema, for an initialised and empty cluster.
-- Form regional-by-row, 9 nodes, 3 replicas; us in region us (us), eu in region eu (eu), asia in
-- region asia (asia).

-- -----------------------------------------------------------------------------
-- the cluster
-- -----------------------------------------------------------------------------

-- without one the cluster is throttled 7 days after init
-- bound when it runs, never printed: licence
SET CLUSTER SETTING enterprise.license = $1;
SET CLUSTER SETTING server.auth_log.sql_connections.enabled = true;
SET CLUSTER SETTING server.auth_log.sql_sessions.enabled = true;
SET CLUSTER SETTING cluster.auto_upgrade.enabled = false;
SET CLUSTER SETTING server.shutdown.initial_wait = '30s';
SET CLUSTER SETTING server.shutdown.connections.timeout = '30s';
SET CLUSTER SETTING server.shutdown.transactions.timeout = '30s';
SET CLUSTER SETTING server.time_until_store_dead = '5m0s';
SET CLUSTER SETTING server.host_based_authentication.configuration = 'hostssl all all all cert';
SET CLUSTER SETTING sql.log.admin_audit.enabled = true;
SET CLUSTER SETTING sql.stats.histogram_collection.enabled = false;
SET CLUSTER SETTING diagnostics.reporting.enabled = false;

-- -----------------------------------------------------------------------------
-- the database and where it lies
-- -----------------------------------------------------------------------------

-- one database; where rows lie is decided per row
CREATE DATABASE IF NOT EXISTS "app";

-- the region of the database's own ranges; rows go by their own region
ALTER DATABASE "app" SET PRIMARY REGION "us";

-- a value of the region column; nodes start with region=eu
ALTER DATABASE "app" ADD REGION IF NOT EXISTS "eu";

-- a value of the region column; nodes start with region=asia
ALTER DATABASE "app" ADD REGION IF NOT EXISTS "asia";

-- three voters in the home region: a zone may be lost, writes stay fast
ALTER DATABASE "app" SURVIVE ZONE FAILURE;

-- all replicas of these rows, voting or not, stay in us
SET enable_super_regions = 'on';
ALTER DATABASE "app" ADD SUPER REGION "us" VALUES "us";

-- all replicas of these rows, voting or not, stay in eu
ALTER DATABASE "app" ADD SUPER REGION "eu" VALUES "eu";

-- all replicas of these rows, voting or not, stay in asia
ALTER DATABASE "app" ADD SUPER REGION "asia" VALUES "asia";

-- a row moves when its person does, never because somebody wrote it from elsewhere
ALTER DATABASE "app" SET enable_auto_rehoming = off;

-- old versions stay 25 h, longer than the time between two incremental backups
ALTER DATABASE "app" CONFIGURE ZONE USING
  gc.ttlseconds = 90000;

-- -----------------------------------------------------------------------------
-- roles
-- -----------------------------------------------------------------------------

-- owns every object; nobody logs in as it
CREATE ROLE IF NOT EXISTS meridian_owner WITH NOLOGIN;

-- the portal on behalf of one signed-in person
CREATE ROLE IF NOT EXISTS app WITH LOGIN;

-- finds and creates persons while they sign in
CREATE ROLE IF NOT EXISTS signon WITH LOGIN;

-- reads one person's rows for an export (GDPR art. 15 and 20)
CREATE ROLE IF NOT EXISTS exporter WITH LOGIN;

-- erases one person's rows (GDPR art. 17)
CREATE ROLE IF NOT EXISTS eraser WITH LOGIN;

-- reads the audit trail and nothing else
CREATE ROLE IF NOT EXISTS auditor WITH LOGIN;

-- sees the cluster's work without any value of a row
CREATE ROLE IF NOT EXISTS operator WITH LOGIN;
GRANT SYSTEM VIEWACTIVITYREDACTED, VIEWCLUSTERMETADATA, VIEWJOB, CANCELQUERY TO operator;

-- takes a backup beside the schedule, and reads no row through SQL
CREATE ROLE IF NOT EXISTS backup WITH LOGIN;
GRANT SYSTEM EXTERNALIOIMPLICITACCESS TO backup;

-- the owner is a role that nobody can log in as
ALTER DATABASE "app" OWNER TO meridian_owner;

-- nobody connects who is not named below
REVOKE ALL ON DATABASE "app" FROM public;

USE "app";

-- nobody but the owner makes tables here
REVOKE CREATE ON SCHEMA public FROM public;

-- who may connect
GRANT CONNECT ON DATABASE "app" TO app;
GRANT CONNECT ON DATABASE "app" TO signon;
GRANT CONNECT ON DATABASE "app" TO exporter;
GRANT CONNECT ON DATABASE "app" TO eraser;
GRANT CONNECT ON DATABASE "app" TO auditor;
GRANT CONNECT, BACKUP ON DATABASE "app" TO backup;

-- -----------------------------------------------------------------------------
-- legal_texts: the texts that consents refer to, by version
-- -----------------------------------------------------------------------------

USE "app";
CREATE TABLE IF NOT EXISTS legal_texts (
  purpose TEXT NOT NULL,
  version INT8 NOT NULL,
  body TEXT NOT NULL,
  valid_from TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT legal_texts_pkey PRIMARY KEY (purpose, version)
) LOCALITY GLOBAL;

-- owned by the role without a login
ALTER TABLE legal_texts OWNER TO meridian_owner;

-- what each role may do; on which rows, the policies say
GRANT SELECT ON TABLE legal_texts TO app;
GRANT SELECT ON TABLE legal_texts TO signon;
GRANT SELECT ON TABLE legal_texts TO exporter;

-- -----------------------------------------------------------------------------
-- users: the account of a person
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS users (
  region crdb_internal_region NOT NULL GENERATED ALWAYS AS (
    CASE
    WHEN country IN (
      'AG', 'AI', 'AR', 'AW', 'BB', 'BL', 'BM', 'BO', 'BQ', 'BR', 'BS', 'BZ', 'CA', 'CL', 'CO', 'CR',
      'CU', 'CW', 'DM', 'DO', 'EC', 'FK', 'GD', 'GT', 'GU', 'GY', 'HN', 'HT', 'JM', 'KN', 'KY', 'LC',
      'MF', 'MP', 'MQ', 'MS', 'MX', 'NI', 'PA', 'PE', 'PR', 'PY', 'SR', 'SV', 'SX', 'TC', 'TT', 'US',
      'UY', 'VC', 'VE', 'VG', 'VI'
    ) THEN 'us'
    WHEN country IN (
      'AD', 'AL', 'AT', 'AX', 'BA', 'BE', 'BG', 'BY', 'CH', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI',
      'FO', 'FR', 'GB', 'GF', 'GG', 'GI', 'GL', 'GP', 'GR', 'HR', 'HU', 'IE', 'IM', 'IS', 'IT', 'JE',
      'LI', 'LT', 'LU', 'LV', 'MC', 'MD', 'ME', 'MK', 'MT', 'NO', 'NL', 'PL', 'PM', 'PT', 'RE', 'RO',
      'RS', 'SE', 'SI', 'SJ', 'SK', 'SM', 'UA', 'VA', 'XK', 'YT', 'AO', 'BF', 'BI', 'BJ', 'BW', 'CD',
      'CF', 'CG', 'CI', 'CM', 'CV', 'DJ', 'DZ', 'EG', 'EH', 'ER', 'ET', 'GA', 'GH', 'GM', 'GN', 'GQ',
      'GW', 'KE', 'KM', 'LR', 'LS', 'LY', 'MA', 'MG', 'ML', 'MR', 'MU', 'MW', 'MZ', 'NA', 'NE', 'NG',
      'RW', 'SC', 'SD', 'SH', 'SL', 'SN', 'SO', 'SS', 'ST', 'SZ', 'TD', 'TG', 'TN', 'TZ', 'UG', 'ZA',
      'ZM', 'ZW'
    ) THEN 'eu'
    WHEN country IN (
      'AE', 'AF', 'AM', 'AQ', 'AS', 'AU', 'AZ', 'BD', 'BH', 'BN', 'BT', 'BV', 'CC', 'CK', 'CN', 'CX',
      'FJ', 'FM', 'GE', 'GS', 'HK', 'HM', 'ID', 'IL', 'IN', 'IO', 'IQ', 'IR', 'JO', 'JP', 'KG', 'KH',
      'KI', 'KP', 'KR', 'KW', 'KZ', 'LA', 'LB', 'LK', 'MH', 'MM', 'MN', 'MO', 'MV', 'MY', 'NC', 'NF',
      'NP', 'NR', 'NU', 'NZ', 'OM', 'PF', 'PG', 'PH', 'PK', 'PN', 'PS', 'PW', 'QA', 'RU', 'SA', 'SB',
      'SG', 'SY', 'TF', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TO', 'TR', 'TV', 'TW', 'UM', 'UZ', 'VN', 'VU',
      'WF', 'WS', 'YE'
    ) THEN 'asia'
    END
  ) STORED,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  country TEXT NOT NULL,
  email TEXT NOT NULL,
  display_name TEXT NULL,
  locale TEXT NOT NULL DEFAULT 'en',
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT users_pkey PRIMARY KEY (region, id)
) LOCALITY REGIONAL BY ROW AS region;

-- one row each by region, email
CREATE UNIQUE INDEX IF NOT EXISTS users_email_key ON users (region, email);

-- owned by the role without a login
ALTER TABLE users OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, exporter, eraser may see and write
CREATE POLICY IF NOT EXISTS users_own ON users FOR ALL TO app, exporter, eraser
  USING (id = NULLIF(current_setting('meridian.user_id', true), '')::UUID)
  WITH CHECK (id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- which rows signon may see and write
CREATE POLICY IF NOT EXISTS users_sign_on ON users FOR ALL TO signon
  USING (true)
  WITH CHECK (true);

-- what each role may do; on which rows, the policies say
GRANT SELECT, UPDATE ON TABLE users TO app;
GRANT SELECT, INSERT ON TABLE users TO signon;
GRANT SELECT ON TABLE users TO exporter;
GRANT SELECT, UPDATE, DELETE ON TABLE users TO eraser;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE users EXPERIMENTAL_AUDIT SET READ WRITE;

-- -----------------------------------------------------------------------------
-- identities: which account of an identity provider is which person
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS identities (
  region crdb_internal_region NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  linked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT identities_pkey PRIMARY KEY (region, id)
) LOCALITY REGIONAL BY ROW AS region;

-- one row each by region, issuer, subject
CREATE UNIQUE INDEX IF NOT EXISTS identities_issuer_subject_key ON identities (region, issuer, subject);

-- look-ups by region, user_id
CREATE INDEX IF NOT EXISTS identities_user_idx ON identities (region, user_id);

-- a row lies where its row of users does
ALTER TABLE identities ADD CONSTRAINT IF NOT EXISTS identities_user_fkey
  FOREIGN KEY (region, user_id) REFERENCES users (region, id)
  ON DELETE CASCADE ON UPDATE CASCADE;

-- owned by the role without a login
ALTER TABLE identities OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, exporter, eraser may see and write
CREATE POLICY IF NOT EXISTS identities_own ON identities FOR ALL TO app, exporter, eraser
  USING (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID)
  WITH CHECK (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- which rows signon may see and write
CREATE POLICY IF NOT EXISTS identities_sign_on ON identities FOR ALL TO signon
  USING (true)
  WITH CHECK (true);

-- what each role may do; on which rows, the policies say
GRANT SELECT ON TABLE identities TO app;
GRANT SELECT, INSERT ON TABLE identities TO signon;
GRANT SELECT ON TABLE identities TO exporter;
GRANT SELECT, DELETE ON TABLE identities TO eraser;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE identities EXPERIMENTAL_AUDIT SET READ WRITE;

-- -----------------------------------------------------------------------------
-- sessions: who is signed in
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS sessions (
  region crdb_internal_region NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  token_hash BYTEA NOT NULL,
  address INET NULL,
  user_agent TEXT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (region, id)
) LOCALITY REGIONAL BY ROW AS region;

-- one row each by region, token_hash
CREATE UNIQUE INDEX IF NOT EXISTS sessions_token_hash_key ON sessions (region, token_hash);

-- look-ups by region, user_id
CREATE INDEX IF NOT EXISTS sessions_user_idx ON sessions (region, user_id) INCLUDE (expires_at);

-- a row lies where its row of users does
ALTER TABLE sessions ADD CONSTRAINT IF NOT EXISTS sessions_user_fkey
  FOREIGN KEY (region, user_id) REFERENCES users (region, id)
  ON DELETE CASCADE ON UPDATE CASCADE;

-- owned by the role without a login
ALTER TABLE sessions OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, exporter, eraser may see and write
CREATE POLICY IF NOT EXISTS sessions_own ON sessions FOR ALL TO app, exporter, eraser
  USING (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID)
  WITH CHECK (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- which rows signon may see and write
CREATE POLICY IF NOT EXISTS sessions_sign_on ON sessions FOR ALL TO signon
  USING (true)
  WITH CHECK (true);

-- what each role may do; on which rows, the policies say
GRANT SELECT, DELETE ON TABLE sessions TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE sessions TO signon;
GRANT SELECT ON TABLE sessions TO exporter;
GRANT SELECT, DELETE ON TABLE sessions TO eraser;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE sessions EXPERIMENTAL_AUDIT SET READ WRITE;

-- rows are deleted at expires_at, by the database itself
ALTER TABLE sessions SET (ttl_expiration_expression = 'expires_at', ttl_job_cron = '@daily');

-- -----------------------------------------------------------------------------
-- consents: proof of what a person agreed to, and when
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS consents (
  region crdb_internal_region NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  purpose TEXT NOT NULL,
  version INT8 NOT NULL,
  given BOOL NOT NULL,
  at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT consents_pkey PRIMARY KEY (region, id)
) LOCALITY REGIONAL BY ROW AS region;

-- look-ups by region, user_id, at
CREATE INDEX IF NOT EXISTS consents_user_idx ON consents (region, user_id, at);

-- a row lies where its row of users does
ALTER TABLE consents ADD CONSTRAINT IF NOT EXISTS consents_user_fkey
  FOREIGN KEY (region, user_id) REFERENCES users (region, id)
  ON DELETE CASCADE ON UPDATE CASCADE;

-- a row of legal_texts must exist
ALTER TABLE consents ADD CONSTRAINT IF NOT EXISTS consents_text_fkey
  FOREIGN KEY (purpose, version) REFERENCES legal_texts (purpose, version)
  ON DELETE RESTRICT ON UPDATE RESTRICT;

-- owned by the role without a login
ALTER TABLE consents OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE consents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, exporter, eraser may see and write
CREATE POLICY IF NOT EXISTS consents_own ON consents FOR ALL TO app, exporter, eraser
  USING (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID)
  WITH CHECK (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- what each role may do; on which rows, the policies say
GRANT SELECT, INSERT ON TABLE consents TO app;
GRANT SELECT ON TABLE consents TO exporter;
GRANT SELECT, DELETE ON TABLE consents TO eraser;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE consents EXPERIMENTAL_AUDIT SET READ WRITE;

-- -----------------------------------------------------------------------------
-- documents: what a person keeps with us, health records included
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS documents (
  region crdb_internal_region NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  body BYTEA NOT NULL,
  size_bytes INT8 NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT documents_pkey PRIMARY KEY (region, id),
  CONSTRAINT documents_kind_check CHECK (kind IN ('record', 'letter', 'image', 'other')),
  CONSTRAINT documents_size_bytes_check CHECK (size_bytes BETWEEN 0 AND 1048576)
) LOCALITY REGIONAL BY ROW AS region;

-- look-ups by region, user_id, created_at
CREATE INDEX IF NOT EXISTS documents_user_idx ON documents (region, user_id, created_at);

-- a row lies where its row of users does
ALTER TABLE documents ADD CONSTRAINT IF NOT EXISTS documents_user_fkey
  FOREIGN KEY (region, user_id) REFERENCES users (region, id)
  ON DELETE CASCADE ON UPDATE CASCADE;

-- owned by the role without a login
ALTER TABLE documents OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, exporter, eraser may see and write
CREATE POLICY IF NOT EXISTS documents_own ON documents FOR ALL TO app, exporter, eraser
  USING (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID)
  WITH CHECK (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- what each role may do; on which rows, the policies say
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE documents TO app;
GRANT SELECT ON TABLE documents TO exporter;
GRANT SELECT, DELETE ON TABLE documents TO eraser;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE documents EXPERIMENTAL_AUDIT SET READ WRITE;

-- -----------------------------------------------------------------------------
-- audit: who did what to whose data, for six years (HIPAA 164.316(b)(2)(i))
-- -----------------------------------------------------------------------------
CREATE TABLE IF NOT EXISTS audit (
  region crdb_internal_region NOT NULL,
  id UUID NOT NULL DEFAULT gen_random_uuid(),
  at TIMESTAMPTZ NOT NULL DEFAULT now(),
  user_id UUID NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NULL,
  request_id UUID NULL,
  detail JSONB NULL,
  CONSTRAINT audit_pkey PRIMARY KEY (region, id)
) LOCALITY REGIONAL BY ROW AS region;

-- look-ups by region, user_id, at
CREATE INDEX IF NOT EXISTS audit_user_idx ON audit (region, user_id, at);

-- look-ups by region, at
CREATE INDEX IF NOT EXISTS audit_at_idx ON audit (region, at);

-- owned by the role without a login
ALTER TABLE audit OWNER TO meridian_owner;

-- no policy, no row; the owner is held to it as well
ALTER TABLE audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- which rows app, signon, exporter, eraser may insert
CREATE POLICY IF NOT EXISTS audit_append ON audit FOR INSERT TO app, signon, exporter, eraser
  WITH CHECK (true);

-- which rows auditor may select
CREATE POLICY IF NOT EXISTS audit_read ON audit FOR SELECT TO auditor
  USING (true);

-- which rows exporter may select
CREATE POLICY IF NOT EXISTS audit_own ON audit FOR SELECT TO exporter
  USING (user_id = NULLIF(current_setting('meridian.user_id', true), '')::UUID);

-- what each role may do; on which rows, the policies say
GRANT INSERT ON TABLE audit TO app;
GRANT INSERT ON TABLE audit TO signon;
GRANT SELECT, INSERT ON TABLE audit TO exporter;
GRANT INSERT ON TABLE audit TO eraser;
GRANT SELECT ON TABLE audit TO auditor;

-- every read and write of personal data goes to the SENSITIVE_ACCESS channel, whoever does it
ALTER TABLE audit EXPERIMENTAL_AUDIT SET READ WRITE;

-- only rows past their retention may go
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS TRIGGER LANGUAGE PLpgSQL AS $$
BEGIN
  IF TG_OP = 'DELETE' AND (OLD).at < now() - INTERVAL '2192 days' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit is append-only';
END
$$;

-- nobody changes or deletes a row, the owner included
CREATE TRIGGER audit_is_append_only
  BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

-- rows are deleted 2192 days after at, by the database itself
ALTER TABLE audit SET (ttl_expiration_expression = '(at + INTERVAL ''2192 days'')', ttl_job_cron = '@daily');

-- -----------------------------------------------------------------------------
-- audit of roles
-- -----------------------------------------------------------------------------

-- one line per role: all statements of people and programs that log in
SET CLUSTER SETTING sql.log.user_audit = 'app ALL
signon ALL
exporter ALL
eraser ALL
auditor ALL
operator ALL
backup ALL';

-- -----------------------------------------------------------------------------
-- backups
-- -----------------------------------------------------------------------------

-- any point of the last 30 days; each region's nodes write to their own region's bucket, and STRICT
-- fails the backup rather than write elsewhere
CREATE SCHEDULE IF NOT EXISTS "app-backup" FOR BACKUP DATABASE "app" INTO (
  'gs://meridian-prod-backups-eu-meridian-prod/default?AUTH=implicit&COCKROACH_LOCALITY=default',
  'gs://meridian-prod-backups-asia-meridian-prod?AUTH=implicit&COCKROACH_LOCALITY=region%3Dasia',
  'gs://meridian-prod-backups-eu-meridian-prod?AUTH=implicit&COCKROACH_LOCALITY=region%3Deu',
  'gs://meridian-prod-backups-us-meridian-prod?AUTH=implicit&COCKROACH_LOCALITY=region%3Dus'
)
WITH revision_history, kms = (
    'gs:///projects/meridian-prod/locations/asia-east1/keyRings/meridian-prod-asia/cryptoKeys/backups?AUTH=implicit',
    'gs:///projects/meridian-prod/locations/europe-west1/keyRings/meridian-prod-eu/cryptoKeys/backups?AUTH=implicit',
    'gs:///projects/meridian-prod/locations/us-central1/keyRings/meridian-prod-us/cryptoKeys/backups?AUTH=implicit'
  ), STRICT STORAGE LOCALITY
RECURRING '@hourly' FULL BACKUP '@daily'
WITH SCHEDULE OPTIONS first_run = 'now', on_execution_failure = 'retry', on_previous_running = 'wait';
