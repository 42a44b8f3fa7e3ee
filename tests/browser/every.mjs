// Judges the pages in PATHS, separated by commas.

import { every, open } from "./lib.mjs";

await open((page) => every(page, process.env.PATHS.split(",")));
