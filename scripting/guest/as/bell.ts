// A bell: rings when touched, and answers who speaks of it.
// SPDX-License-Identifier: MIT
import { event, say, slot } from "./sdk";

export function handle(): void {
  const name = event.name();
  if (name == "touch") {
    const rung = slot.getInt("rung") + 1;
    slot.setInt("rung", rung);
    say("Ding! (" + rung.toString() + ")");
  } else if (name == "heard" && event.text().toLowerCase().includes("bell")) {
    say("You may ring me, " + event.fromName() + ": I have rung " + slot.getInt("rung").toString() + " times.");
  }
}
