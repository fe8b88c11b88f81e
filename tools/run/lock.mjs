#!/usr/bin/env node
/**
 * lock.mjs: completes package-lock.json for platforms other than this one. Run it after `npm install`.
 *
 * Native packages come as one optional package per platform. Where the registry that `npm install`
 * asked lacks some of them, npm leaves them out of the lock, and `npm ci` then refuses that lock
 * everywhere. Each is added as its parent names it, with os, cpu and libc read from its name; npm
 * fetches it only on the platform it is for.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OS = /-(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)(?=-|$)/;
const CPU = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|wasm32|x64)(?=-|$)/;

/** Where Node looks for a dependency of the package at `path`, nearest first. */
function* folders(path) {
  for (
    let at = path;
    at !== "";
    at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))
  ) {
    yield `${at}/node_modules/`;
  }
  yield "node_modules/";
}

function platform(name) {
  const [os, cpu] = [OS, CPU].map((part) => part.exec(name)?.[1]);
  if (os === undefined && cpu === undefined)
    throw new Error(`${name} names no platform: add it by hand`);
  const libc = os !== "linux" ? undefined : name.includes("musl") ? "musl" : "glibc";
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(libc && name.match(/musl|gnu/) && { libc: [libc] }),
    ...(os && { os: [os] }),
  };
}

const file = fileURLToPath(new URL("../../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if ([...folders(path)].some((folder) => `${folder}${name}` in lock.packages)) continue;
    const beside = path.slice(0, path.lastIndexOf("node_modules/"));
    lock.packages[`${beside}node_modules/${name}`] = {
      version,
      ...(dev && { dev }),
      ...platform(name),
      optional: true,
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages of other platforms added to package-lock.json`);
