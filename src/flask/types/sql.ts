import { type Clock, systemClock } from "../../clock.ts";
import { SessionError } from "../../errors.ts";
import type { Store } from "../../store.ts";
import { createTable, type SqlDatabase, type SqlTable, sqlStore } from "../../stores/sql.ts";
import type { Open } from "../opening.ts";
import { connectorOf } from "./sql-url.ts";

/** `SESSION_TYPE` `sqlalchemy`: the table of Flask-Session 0.8. */
export const openSqlalchemy: Open = (settings, clock) => {
  const { sqlalchemy, sqlalchemyTable: table, sqlalchemySchema: schema, sqlalchemySequence: sequence } = settings;
  const names = { table, ...(schema !== undefined && { schema }), ...(sequence !== undefined && { sequence }) };
  return openTable("SESSION_SQLALCHEMY", sqlalchemy, { ...names, flask: "sqlalchemy" }, clock);
};

/** `SESSION_TYPE` `postgresql`: the table of Flask-Session's development branch. */
export const openPostgresql: Open = (settings, clock) => {
  const { postgresql, postgresqlTable: table, postgresqlSchema: schema } = settings;
  return openTable("SESSION_POSTGRESQL", postgresql, { table, schema, flask: "postgresql" }, clock);
};

/** The store on a table of Flask-Session's, which is created unless it is there, in a `Kysely` or behind a URL. */
function openTable(
  key: string,
  given: object | string | undefined,
  table: SqlTable,
  clock: Clock,
): () => Promise<Store> {
  if (given === undefined) {
    throw new SessionError("CONFIG", `${key} is missing; give a Kysely, or a URL such as postgresql://host/database`);
  }
  // A clock that nobody gave is no reason to ask another than the database's.
  const options = { ...table, ...(clock !== systemClock && { clock }) };
  const openIn = async (db: SqlDatabase) => {
    const store = sqlStore(db, options);
    await createTable(db, table);
    return store;
  };
  if (typeof given === "string") {
    const schemes = table.flask === "postgresql" ? ["postgresql", "postgres"] : undefined;
    return connecting(connectorOf(key, given, schemes), openIn);
  }
  // What is wrong with it is told now, and by no request.
  sqlStore(given as SqlDatabase, options);
  return () => openIn(given as SqlDatabase);
}

/** Opens a database of our own, and closes it where that fails. */
function connecting(
  connect: () => Promise<SqlDatabase>,
  openIn: (db: SqlDatabase) => Promise<Store>,
): () => Promise<Store> {
  return async () => {
    const db = await connect();
    try {
      return await openIn(db);
    } catch (error) {
      await db.destroy();
      throw error;
    }
  };
}
