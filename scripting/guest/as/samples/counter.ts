// Counter: a thing that counts its touches and says how many; told "reset" it
// begins anew. It remembers in slots.
// SPDX-License-Identifier: MIT
import { event, say, slot } from "../sdk";

export function handle(): void {
  const name = event.name();
  if (name == "touch") {
    const count = slot.getInt("count") + 1;
    slot.setInt("count", count);
    slot.setText("last", event.fromName());
    say(count.toString());
  } else if (name == "heard" && event.text() == "reset") {
    slot.setInt("count", 0);
    slot.remove("last");
    say("reset");
  }
}
