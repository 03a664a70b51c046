import { fileStore } from "../../stores/file.ts";
import type { Open } from "../opening.ts";

/** `SESSION_TYPE` `filesystem`: files of our own. */
export const openFiles: Open = ({ fileDirectory, fileMode }, clock) =>
  fileStore({ directory: fileDirectory, mode: fileMode, clock });
