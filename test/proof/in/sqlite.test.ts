import { proveIn } from "../prove.ts";

proveIn("sqlite");
