declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one that Express' own types are merged from
  namespace Express {
    /** What `req.session` gives, by the module that it is from. */
    interface RequestSessions {}

    /** What `req.session` may be set to, by the module that it is from. */
    interface AssignableSessions {}
  }
}

/**
 * The type of `req.session` in Express, which two modules of ours give. All that declare one property have to declare the
 * same: this, made of what the modules that a program loads say. Where it loads both, that of `flagon/express` counts.
 */
export interface WithSession {
  /** The visitor's session. */
  get session(): Express.RequestSessions extends { flagon: infer Found }
    ? Found
    : Express.RequestSessions extends { expressSession: infer Found }
      ? Found
      : never;
  set session(
    session: Express.RequestSessions extends { flagon: unknown }
      ? never
      : Express.AssignableSessions[keyof Express.AssignableSessions],
  );
}
