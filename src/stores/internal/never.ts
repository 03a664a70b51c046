/**
 * The last instant that a `Date` can hold. It is the deadline told for a record without an end, which others may have
 * left, and no deadline is written that is later.
 */
export const NEVER = 8_640_000_000_000_000;
