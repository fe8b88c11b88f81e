/**
 * One step of the schema. All rooms' steps are one numbered sequence, `NNNN_<lib>_<what>.ts`; a
 * step that has landed is never edited. `latest` is written down apart from the steps, so that
 * opening a store that is up to date imports none of them.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: (dialect: "sqlite" | "pg") => ReadonlyArray<string>;
}

/** The version of the last migration: what `PRAGMA user_version` says of a store that is up to date. */
export const latest = 2;
