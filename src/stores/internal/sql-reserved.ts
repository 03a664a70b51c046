/**
 * The words that SQLAlchemy 1.4 puts in quotes where they name a table: its lists of what each engine reserves. Only the
 * text of Flask-Session's table depends on them; everything else quotes every name.
 */
import type { SqlDialect } from "./sql-dialect.ts";

const EVERYWHERE = words(`
  all analyze and as asc between case check collate column constraint create cross current_date current_time
  current_timestamp default desc distinct else except false for foreign from group having in inner into is join left
  like limit natural not null of on or order outer primary references right select table then to true union unique
  using when where
`);

const RESERVED: Record<SqlDialect, ReadonlySet<string>> = {
  postgres: words(`
    analyse any array asymmetric authorization binary both cast current_catalog current_role current_schema current_user
    deferrable do end fetch freeze full grant ilike initially intersect isnull leading localtime localtimestamp new
    notnull off offset old only over overlaps placing returning session_user similar some symmetric trailing user
    variadic verbose window with
  `),
  mysql: words(`
    accessible add admin alter array asensitive before bigint binary blob both by call cascade change char character
    condition continue convert cube cume_dist current_user cursor database databases day_hour day_microsecond day_minute
    day_second dec decimal declare delayed delete dense_rank describe deterministic distinctrow div double drop dual
    each elseif empty enclosed escaped exists exit explain fetch first_value float float4 float8 force fulltext function
    general generated get get_master_public_key grant grouping groups high_priority hour_microsecond hour_minute
    hour_second if ignore ignore_server_ids index infile inout insensitive insert int int1 int2 int3 int4 int8 integer
    interval io_after_gtids io_before_gtids iterate json_table key keys kill lag last_value lateral lead leading leave
    linear lines load localtime localtimestamp lock long longblob longtext loop low_priority master_bind
    master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext member
    middleint minute_microsecond minute_second mod modifies no_write_to_binlog nth_value ntile numeric optimize
    optimizer_costs option optionally out outfile over parse_gcol_expr partition percent_rank persist persist_only
    precision procedure purge range rank read read_write reads real recursive regexp release rename repeat replace
    require resignal restrict return revoke rlike role row row_number rows schema schemas second_microsecond sensitive
    separator set show signal slow smallint spatial specific sql sql_after_gtids sql_before_gtids sql_big_result
    sql_calc_found_rows sql_small_result sqlexception sqlstate sqlwarning ssl starting stored straight_join system
    terminated tinyblob tinyint tinytext trailing trigger undo unlock unsigned update usage use utc_date utc_time
    utc_timestamp values varbinary varchar varcharacter varying virtual while window with write xor year_month zerofill
  `),
  sqlite: words(`
    add after alter attach autoincrement before begin by cascade cast commit conflict database deferrable deferred
    delete detach drop each end escape exclusive exists explain fail full glob if ignore immediate index indexed
    initially insert instead intersect isnull key match notnull offset plan pragma query raise reindex rename replace
    restrict rollback row set temp temporary transaction trigger update vacuum values view virtual
  `),
};

/** Whether the engine reserves a word, in whatever letter case. */
export function isReserved(word: string, dialect: SqlDialect): boolean {
  const lower = word.toLowerCase();
  return EVERYWHERE.has(lower) || RESERVED[dialect].has(lower);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
