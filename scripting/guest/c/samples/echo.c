/* Echo: sends every message back to the capabilities in it; what comes without
 * any goes to the log. "stop" ends it with code 7.
 * SPDX-License-Identifier: MIT */
#include "metatopia.h"

static char line[6 + 65536];
static char *const data = line + 6;

MT_EXPORT("run") void run(void) {
	mt_put(line, "echo: ");
	for (;;) {
		if (mt_message_receive(0, 0, -1) != MT_MESSAGE)
			continue;
		uint32_t n = (uint32_t)mt_message_read(data, 65536), caps = mt_message_caps();
		if (mt_is(data, n, "stop"))
			mt_process_exit(7);
		if (caps == 0)
			mt_log_log(MT_INFO, line, 6 + n);
		for (uint32_t i = 0; i < caps; i++) {
			mt_handle to = mt_message_cap(i);
			mt_message_send(to, mt_message_tag(), data, n);
			mt_process_drop(to);
		}
	}
}
