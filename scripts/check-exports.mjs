// Compares the public names behind every subpath of package.json, as the built declarations have them, with those in
// test/public-names.json: a change of that list is a decision, not an accident.
// Usage: node scripts/check-exports.mjs [--update]
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

const SNAPSHOT = "test/public-names.json";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const declarations = Object.entries(exports)
  .filter(([, file]) => file.endsWith(".js"))
  .map(([subpath, file]) => [subpath, file.replace(/js$/, "d.ts")]);
const unbuilt = declarations.filter(([, file]) => !existsSync(file));
const faults = unbuilt.length > 0 ? unbuilt.map(([subpath, file]) => `${subpath}: ${file} is not built`) : check();
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function check() {
  const names = namesIn(declarations);
  if (process.argv.includes("--update")) return update(names);
  const changes = changesTo(names);
  return changes.length > 0 ? [...changes, "If this is meant: node scripts/check-exports.mjs --update"] : [];
}

/** Every subpath with its names in order; those that exist for the compiler alone begin with `type `. */
function namesIn(entries) {
  const program = ts.createProgram(
    entries.map(([, file]) => file),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: ["node"], skipLibCheck: true },
  );
  const checker = program.getTypeChecker();
  const nameOf = (symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return target.flags & ts.SymbolFlags.Value ? symbol.name : `type ${symbol.name}`;
  };
  return Object.fromEntries(
    entries.map(([subpath, file]) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file));
      return [
        subpath,
        checker
          .getExportsOfModule(module)
          .map(nameOf)
          .toSorted((a, b) => a.localeCompare(b, "en")),
      ];
    }),
  );
}

function changesTo(names) {
  const known = existsSync(SNAPSHOT) ? JSON.parse(readFileSync(SNAPSHOT, "utf8")) : {};
  const subpaths = new Set([...Object.keys(known), ...Object.keys(names)]);
  return [...subpaths].flatMap((subpath) => {
    const [before, after] = [known[subpath] ?? [], names[subpath] ?? []];
    return [
      ...before.filter((name) => !after.includes(name)).map((name) => `${subpath}: ${name} is gone`),
      ...after.filter((name) => !before.includes(name)).map((name) => `${subpath}: ${name} is new`),
    ];
  });
}

function update(names) {
  writeFileSync(SNAPSHOT, JSON.stringify(names));
  spawnSync("node_modules/.bin/oxfmt", [SNAPSHOT]);
  return [];
}
