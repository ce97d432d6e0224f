/**
 * Makes the events of principals insert-only, even for a role that may update and delete rows. The sequencer sets `feed_seq`
 * once. The events of a run without a principal can be deleted with the run. The owner of the table can delete all events, for
 * the retention of the audit log. A superuser can change everything. The search path is fixed, because every role can create temporary
 * tables, and with its own search path one of them would be read in place of a catalog.
 */
export const journalGuard: readonly string[] = [
  `CREATE FUNCTION guard_journal() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$ BEGIN
     IF TG_OP = 'UPDATE' THEN
       IF OLD.feed_seq IS NULL AND to_jsonb(NEW) - 'feed_seq' = to_jsonb(OLD) - 'feed_seq' THEN RETURN NEW; END IF;
     ELSIF OLD.principal IS NULL
       OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
       RETURN OLD;
     END IF;
     RAISE EXCEPTION 'events of the journal are insert-only' USING ERRCODE = 'insufficient_privilege';
   END $$`,
  `CREATE TRIGGER journal_insert_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION guard_journal()`,
];
