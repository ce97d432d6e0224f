-- Roles of PostgreSQL in compose.yaml. The image runs this file once, as a superuser, when it creates the database. The replicas
-- migrate the ledger as nf_escrow_owner and use it as nf_escrow_app, which cannot change the audit log.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/owner-password`
\set application_password `cat /run/secrets/application-password`

CREATE ROLE nf_escrow_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE nf_escrow_app LOGIN PASSWORD :'application_password';

GRANT CREATE ON DATABASE :"DBNAME" TO nf_escrow_owner;
CREATE SCHEMA nf_escrow AUTHORIZATION nf_escrow_owner;

-- The tables do not exist yet. application-role.sql grants the rest after the first migration.
GRANT USAGE ON SCHEMA nf_escrow TO nf_escrow_app;
ALTER DEFAULT PRIVILEGES FOR ROLE nf_escrow_owner IN SCHEMA nf_escrow
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO nf_escrow_app;
ALTER DEFAULT PRIVILEGES FOR ROLE nf_escrow_owner IN SCHEMA nf_escrow GRANT USAGE ON SEQUENCES TO nf_escrow_app;
