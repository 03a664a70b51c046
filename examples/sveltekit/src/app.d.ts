import type { Session } from "flagon";

declare global {
  namespace App {
    interface Visit {
      user: string;
    }
    interface Locals {
      session: () => Promise<Session<Visit>>;
    }
  }
}
