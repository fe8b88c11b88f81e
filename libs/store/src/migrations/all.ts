/** Every migration, in order. */
import { storeDeploys } from "./0001_store_deploys.js";
import { memoryLessons } from "./0002_memory_lessons.js";
import type { Migration } from "./Migration.js";

export const migrations: ReadonlyArray<Migration> = [storeDeploys, memoryLessons];
