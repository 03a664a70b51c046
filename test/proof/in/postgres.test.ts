import { proveIn } from "../prove.ts";

proveIn("postgres");
