// SPDX-License-Identifier: MIT
import { log } from "./common";

/** What a failed assertion does: says why, then traps. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log.error((message ? message : "abort") + " at " + (file ? file : "?") + ":" + line.toString());
  unreachable();
}
