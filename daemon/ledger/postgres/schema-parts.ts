/** A random number from 1 to 2^53 - 1, as SQLite's triggers assign. gen_random_uuid uses a cryptographic source. */
export const numericId = 'numeric_id bigint NOT NULL UNIQUE DEFAULT random_id()';

/** Columns of rows that processes claim (`claims.ts`). */
export const claimColumns = 'claimed_by text, claimed_until timestamptz, fence bigint NOT NULL DEFAULT 0';

/** Functions that defaults, indexes, triggers and queries use. */
export const functions: readonly string[] = [
  // 56 random bits of two UUIDs, at places where version 4 has no fixed bits.
  `CREATE FUNCTION random_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
     SELECT greatest(1, ('x' || left(gen_random_uuid()::text, 2) || right(gen_random_uuid()::text, 12))::bit(56)::bigint
       & 9007199254740991) $$`,
  // Texts that are part of a unique key, and can be longer than an entry of a B-tree. The encoding of the database is fixed.
  `CREATE FUNCTION long_key(value text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
     SELECT sha256(convert_to(value, 'UTF8')) $$`,
  // jsonb rejects two kinds of escapes that JSON.stringify writes: NUL, and half of a surrogate pair.
  `CREATE FUNCTION json_of(data text) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
     SELECT CASE WHEN strpos(data, '\\u') = 0 THEN data
       ELSE regexp_replace(data, '\\\\u(0000|d[89a-f][0-9a-f]{2})', '\\\\ufffd', 'g') END::jsonb $$`,
  // The words of a text, as the tokenizer unicode61 of SQLite finds them: letters and digits, without case and diacritics. The
  // collation knows the letters of all scripts; that of the database may know ASCII only.
  `DO $do$ BEGIN
     EXECUTE format($f$CREATE FUNCTION split_words(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT AS $$
       SELECT array_agg(left(word, 500) ORDER BY place) FROM regexp_split_to_table(
         normalize(regexp_replace(normalize(lower(value COLLATE %1$s), NFD), U&'[\\0300-\\036F]', '', 'g'), NFC)
           COLLATE %1$s, '[^[:alnum:]]+') WITH ORDINALITY AS found (word, place) WHERE word <> '' $$ $f$,
       coalesce((SELECT format('%I.%I', nspname, collname) FROM pg_collation JOIN pg_namespace n ON n.oid = collnamespace
         WHERE (collname = 'und-x-icu' AND collencoding = -1) OR (lower(collname) IN ('c.utf8', 'c.utf-8', 'en_us.utf8')
           AND collencoding = pg_char_to_encoding('UTF8')) ORDER BY collname = 'und-x-icu' DESC, collname LIMIT 1),
         'pg_catalog."default"'));
   END $do$`,
  // Built without a parser, which would keep a path or an address as one word. Positions end at 16383.
  `CREATE FUNCTION words_of(value text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT AS $$
     SELECT coalesce(string_agg('''' || word || ''':' || least(place, 16383), ' '), '')::tsvector
       FROM unnest(split_words(left(value, 100000))) WITH ORDINALITY AS found (word, place) $$`,
  // Rows that contain each text: its words in a row, of which the last can be the beginning of a longer one.
  `CREATE FUNCTION words_query(texts text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT AS $$
     SELECT string_agg('(''' || array_to_string(words, ''' <-> ''') || ''':*)', ' & ')::tsquery
       FROM (SELECT split_words(one) AS words FROM unnest(texts) AS one) AS found WHERE words IS NOT NULL $$`,
];
