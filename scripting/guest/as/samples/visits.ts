// Visits: a thing that keeps in the region's store how often it was touched, for
// longer than it lasts itself, and says so when it is answered.
// SPDX-License-Identifier: MIT
import { answer, event, say, store } from "../sdk";

export function handle(): void {
  const name = event.name();
  if (name == "touch") {
    store.ask(7);
    store.add("visits", 1);
  } else if (name == "answer") {
    const why = answer.error();
    say(why.length > 0 ? why : answer.int(0).toString());
  }
}
