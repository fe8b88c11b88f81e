// The rules of the house. Who may import whom is the table `rooms` (ARCHITECTURE.md says why);
// test/house/Boundaries.test.ts proves that it bites.
import nx from "@nx/eslint-plugin";
import tseslint from "typescript-eslint";

/** Room → the rooms it may import. */
const rooms = {
  domain: [],
  k8s: ["domain"],
  store: ["domain"],
  memory: ["store", "domain"],
  deploy: ["memory", "k8s", "store", "domain"],
  surface: ["deploy", "memory", "k8s", "store", "domain"],
  sandbox: [],
  cli: ["surface", "domain", "sandbox"],
};

/** Slow to load: imported by `import()` in the function that needs them, or for their types. */
const heavy = ["@kubernetes/client-node", "undici", "yaml", "better-sqlite3"];

const lazily = (names, message) =>
  names.map((name) => ({ group: [name, `${name}/*`], message, allowTypeImports: true }));
const lazyHeavy = lazily(heavy, "Slow to load: use import() where it is needed.");

const clock = "Take the time from effect's Clock, or as an argument.";
const globals = {
  Date: clock,
  process: "Settings come through effect's Config; what else a process has, from the app.",
  console: "Log through effect.",
  fetch: "Use @effect/platform's HttpClient, or the room k8s.",
};

export default tseslint.config(
  { ignores: ["**/dist/", "**/node_modules/", ".nx/", "test/fixtures/", "coverage/"] },
  {
    files: ["**/*.ts", "**/*.{mjs,cjs}"],
    languageOptions: { parser: tseslint.parser },
    plugins: { "@nx": nx, "@typescript-eslint": tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "max-lines": ["error", { max: 500 }],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "@nx/enforce-module-boundaries": [
        "error",
        {
          // A room's tests import it as others do.
          allowCircularSelfDependency: true,
          // What the CLI imports lazily, others may still import as usual.
          checkDynamicDependenciesExceptions: ["@nopea/*"],
          depConstraints: Object.entries(rooms).map(([room, may]) => ({
            sourceTag: `scope:${room}`,
            onlyDependOnLibsWithTags: [room, ...may].map((each) => `scope:${each}`),
          })),
        },
      ],
    },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommended],
    rules: {
      // `import("yaml").Document` is the type of what is imported lazily.
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      // The compiler does it, and knows more.
      "@typescript-eslint/no-unused-vars": "off",
      // A service's tag and its interface share a name; so do a schema and its type.
      "@typescript-eslint/no-redeclare": "off",
      "@typescript-eslint/no-empty-object-type": [
        "error",
        { allowInterfaces: "with-single-extends" },
      ],
    },
  },
  {
    files: ["libs/*/src/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...Object.entries(globals).map(([name, message]) => ({ name, message })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Take chance from effect's Random." },
      ],
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@effect/platform-node*"], message: "Apps choose the platform." },
            ...lazyHeavy,
          ],
        },
      ],
    },
  },
  {
    files: ["apps/*/src/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            ...lazyHeavy,
            ...lazily(
              ["@nopea/sandbox"],
              "Only the command that starts it needs it: use import().",
            ),
          ],
        },
      ],
    },
  },
  // The one place where instants become text.
  { files: ["libs/domain/src/Timestamp.ts"], rules: { "no-restricted-globals": "off" } },
  // A plain Node server that shares no code with what it tests, effect included.
  {
    files: ["libs/sandbox/src/**/*.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  // Promises by hand are only here and in tests (effects are the language service's to judge): none is forgotten.
  {
    files: ["libs/sandbox/src/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
    },
  },
  // Written by a generator.
  { files: ["libs/sandbox/src/schema/builtin.ts"], rules: { "max-lines": "off" } },
  // Tests and tools cross rooms.
  { files: ["test/**", "tools/**"], rules: { "@nx/enforce-module-boundaries": "off" } },
);
