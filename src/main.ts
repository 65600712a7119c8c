#!/usr/bin/env node
import { endAsProcessOne } from "./process/signals.js";

// Before anything else is loaded, which takes a while.
endAsProcessOne();
await import("./commands.js");
