-- The role a running bot connects as: it reads and writes rows, and cannot change a table (SECURITY row 24).
-- As the owner, after `liaison migrate`:  psql -v schema=public -v bot=liaison_bot -f deploy/postgresql.sql
-- then \password liaison_bot, and that role in [database] url. Run `liaison migrate` as the owner after each update.
CREATE ROLE :"bot" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
REVOKE CREATE ON SCHEMA :"schema" FROM PUBLIC;
GRANT USAGE ON SCHEMA :"schema" TO :"bot";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO :"bot";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"bot";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"bot";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT USAGE, SELECT ON SEQUENCES TO :"bot";
REVOKE UPDATE, DELETE ON :"schema".audit FROM :"bot";
REVOKE INSERT, UPDATE, DELETE ON :"schema".alembic_version FROM :"bot";
