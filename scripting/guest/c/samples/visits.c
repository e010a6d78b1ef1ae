/* Visits: a thing that keeps in the region's store how often it was touched, for
 * longer than it lasts itself, and says so when it is answered.
 * SPDX-License-Identifier: MIT */
#include "metatopia.h"

static char text[512];

MT_EXPORT("handle") void handle(void) {
	uint32_t n = (uint32_t)mt_world_event_name(text, sizeof text);
	if (mt_is(text, n, "touch")) {
		mt_store_ask(7);
		mt_store_add("visits", 6, 1);
	} else if (mt_is(text, n, "answer")) {
		n = (uint32_t)mt_store_error(text, sizeof text);
		if (n == 0)
			n = (uint32_t)(mt_put_int(text, mt_store_int(0, 0)) - text);
		mt_world_say(text, n);
	}
}
