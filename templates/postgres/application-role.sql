-- The role with which `nf-escrow serve` uses a ledger that another role owns. Run this script as the owner of the schema
-- or as a superuser, once after the ledger was created and again after each upgrade:
--
--   psql -v ON_ERROR_STOP=1 -v owner=nf_escrow_owner -v application=nf_escrow_app -d DATABASE -f application-role.sql
--
-- Create both roles before, for example with CREATE ROLE nf_escrow_app LOGIN PASSWORD '…'. The owner applies the migrations.
BEGIN;

GRANT USAGE ON SCHEMA nf_escrow TO :"application";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA nf_escrow TO :"application";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA nf_escrow TO :"application";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA nf_escrow TO :"application";

-- Tables that a later migration creates.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA nf_escrow
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"application";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA nf_escrow GRANT USAGE ON SEQUENCES TO :"application";

-- The journal is insert-only. The application numbers events (feed_seq) once, and deletes events that no principal
-- caused. A trigger of the ledger rejects all other changes.
REVOKE UPDATE ON nf_escrow.journal FROM :"application";
GRANT UPDATE (feed_seq) ON nf_escrow.journal TO :"application";

-- Only migrations write the schema version.
REVOKE INSERT, UPDATE, DELETE ON nf_escrow.migrations FROM :"application";

COMMIT;
