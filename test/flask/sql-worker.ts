/** A process that saves a session in the database of a URL, and has no more to do: `sql-worker.ts URL`. */
import { flaskSession } from "../../src/flask/flask.ts";

const sessions = flaskSession({ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: process.argv[2] ?? "" });
const session = await sessions.open({ cookie: undefined, secure: false });
session["user"] = "ada";
await sessions.save(session);
console.log("saved");
