declare namespace App {
  interface Visit {
    user: string;
  }
  interface Locals {
    visit: () => Promise<import("flagon").Session<Visit>>;
  }
}
