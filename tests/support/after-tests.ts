// Loaded before all tests (bunfig.toml): what is to be done once, behind the last of them.
import { afterAll } from "bun:test";
import { removeTempDirs } from "./temp-dir.ts";

afterAll(removeTempDirs);
