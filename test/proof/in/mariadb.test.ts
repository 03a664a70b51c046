import { proveIn } from "../prove.ts";

proveIn("mariadb");
