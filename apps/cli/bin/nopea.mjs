import "../dist/main.mjs";
