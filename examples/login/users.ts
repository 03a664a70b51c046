import type { Session } from "flagon";
import { isPassword } from "./passwords.ts";

export interface User {
  name: string;
  fullName: string;
  /** As `hash.ts` prints it. */
  password: string;
}

const USERS: readonly User[] = [
  {
    name: "ada",
    fullName: "Ada Lovelace",
    password: "KJmdtj36-Eww8CT2Tte6gQ.tE76aK4fWaP4MV__mcv0F-y3aldGm7N49eEmfY4P_lM",
  },
  {
    name: "grace",
    fullName: "Grace Hopper",
    password: "k9vrocZxY-qaIxtd-l4BaA.9rjXpNoQJEBlfTKIcgaZzetqqYrKBN9J6JPTyWce4RA",
  },
  {
    name: "alan",
    fullName: "Alan Turing",
    password: "EyYypH9Lsv0UiVFltO0JpA.kxecJIB6Qk_HOkluPasZAF86FiUXDD_AqQfOLbHiRpI",
  },
];

/** Of a random password that nobody knows. */
const NOBODYS = "dOA-o9U7g6K03FzTqdwL6w.9lMhYjr6wxxHBmNufuPm4O_vehJv2nkTjkVCfGxWTyk";

/** The user of that name and password. An unknown name takes as long as a wrong password, so neither can be told. */
export async function userWith(name: string, password: string): Promise<User | undefined> {
  const user = USERS.find((one) => one.name === name);
  return (await isPassword(password, user?.password ?? NOBODYS)) ? user : undefined;
}

/** Who is logged in. A user who left the table is not, whatever a session says. */
export function userOf(session: Session): User | undefined {
  return USERS.find(({ name }) => name === session.user);
}
