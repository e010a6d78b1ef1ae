// A lamp: every touch switches it.
// SPDX-License-Identifier: MIT
import { event, slot } from "./sdk";

export function handle(): void {
  if (event.name() != "touch") return;
  slot.setBool("lit", !slot.getBool("lit"));
  slot.setInt("touched", slot.getInt("touched") + 1);
}
