/**
 * Where Flagon is known to differ from Flask and Flask-Session, and what cannot exist in JavaScript: the one place that
 * says which cases do not apply. Each is explained in docs/flask.md under the same name.
 */
export const NOT_APPLICABLE = {
  "told at creation": "a configuration that Flask answers with a 500 at some request is refused when it is given",
  "null type": "Flask and Flask-Session are one here: without a SESSION_TYPE it is Flask's signed cookie",
  "empty id": "ids without a random byte would be one session for everybody: refused",
  "nested changes": "a change inside a value is found and saved; Flask saves it only with session.modified",
  "parallel requests": "what another request saved meanwhile is merged, and a dead id stays dead; Flask overwrites",
  "compare and swap": "statements compare and swap; what they leave in the engine is the same",
  "expired records": "a record that has expired and is still there is no session; Flask revives it",
  "control characters": "a control character in a cookie's value is escaped; Werkzeug lets 0x1a to 0x1f through",
  "impossible ids": "an id that memcached cannot hold is an unknown one; some of Python's clients answer 500",
  "cookie size": "a cookie that browsers drop is an error; Flask sends it",
  "other databases":
    "tables are made in PostgreSQL, MySQL, MariaDB and SQLite; SQLAlchemy knows SQL Server and Oracle, too",
} as const;

/** A reason of the table. */
export type Reason = keyof typeof NOT_APPLICABLE;

/** What became of a case. */
export type Verdict = { passed: true } | { passed: false; why: string } | { notApplicable: Reason };

export const PASSED: Verdict = { passed: true };

/** A failed case, and why. */
export function failed(why: string): Verdict {
  return { passed: false, why };
}

/** Passed if the two texts are equal. */
export function compared(what: string, ours: unknown, theirs: unknown): Verdict {
  const [left, right] = [JSON.stringify(ours), JSON.stringify(theirs)];
  return left === right ? PASSED : failed(`${what}: ours ${cut(left)}, theirs ${cut(right)}`);
}

/** The first that did not pass. */
export function all(...verdicts: Verdict[]): Verdict {
  return verdicts.find((verdict) => verdict !== PASSED) ?? PASSED;
}

function cut(text: string | undefined): string {
  return text === undefined || text.length <= 400 ? String(text) : `${text.slice(0, 400)}…`;
}
