/* Counter: a thing that counts its touches and says how many; told "reset" it
 * begins anew. It remembers in slots.
 * SPDX-License-Identifier: MIT */
#include "metatopia.h"

static char text[512];

MT_EXPORT("handle") void handle(void) {
	uint32_t n = (uint32_t)mt_world_event_name(text, sizeof text);
	if (mt_is(text, n, "touch")) {
		int64_t count = mt_slot_get_int("count", 5, 0) + 1;
		mt_slot_set_int("count", 5, count);
		n = (uint32_t)mt_world_event_from_name(text, sizeof text);
		mt_slot_set_text("last", 4, text, n);
		char *end = mt_put_int(text, count);
		mt_world_say(text, (uint32_t)(end - text));
	} else if (mt_is(text, n, "heard")) {
		n = (uint32_t)mt_world_event_text(text, sizeof text);
		if (!mt_is(text, n, "reset"))
			return;
		mt_slot_set_int("count", 5, 0);
		mt_slot_delete("last", 4);
		mt_world_say("reset", 5);
	}
}
