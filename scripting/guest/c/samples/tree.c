/* Tree: keeps two workers a and b alive and asks them. The node's owner writes
 * "count a" (its log says how often a has been asked), "fall a" (a ends, and is
 * started anew) and "stop".
 * SPDX-License-Identifier: MIT */
#include "metatopia.h"

static const char spec[] = "one-for-one 3 5000\na permanent blocking worker\nb permanent blocking worker\n";
static char text[256];

static uint32_t read(void) { return (uint32_t)mt_message_read(text, sizeof text); }

static void worker(void) {
	for (int64_t asked = 0;;) {
		if (mt_message_receive(0, 0, -1) != MT_MESSAGE)
			continue;
		uint32_t n = read();
		if (mt_is(text, n, "fall"))
			mt_process_exit(1);
		mt_handle to = mt_message_cap(0);
		if (!mt_is(text, n, "count") || to < 0)
			continue;
		char *end = mt_put_int(text, ++asked);
		mt_message_send(to, mt_message_tag(), text, (uint32_t)(end - text));
		mt_process_drop(to);
	}
}

/* Waits until a worker has its name, and gives its handle. */
static mt_handle find(const char *name) {
	for (;;) {
		mt_handle h = mt_process_whereis(name, 1);
		if (h > 0)
			return h;
		mt_time_sleep(1);
	}
}

static void count(char name) {
	mt_handle to = find(&name), me = mt_process_self(), answer = mt_process_demote(me, MT_MAY_SEND);
	int64_t tag = 1;
	char line[64], *end = line;
	*end++ = name;
	*end++ = ' ';
	mt_message_send_caps(to, tag, "count", 5, &answer, 1);
	if (mt_message_receive(&tag, 1, 5000) == MT_MESSAGE) {
		uint32_t n = (uint32_t)mt_message_read(end, 32);
		mt_log_log(MT_INFO, line, 2 + n);
	}
	mt_process_drop(answer);
	mt_process_drop(me);
	mt_process_drop(to);
}

static void fall(char name) {
	mt_handle h = find(&name);
	int64_t ref = mt_process_monitor(h);
	char line[64], *end = line;
	*end++ = name;
	end = mt_put(end, " fell: ");
	mt_message_send(h, 0, "fall", 4);
	mt_message_receive(&ref, 1, -1);
	end += mt_message_reason_text(end, 32);
	mt_log_log(MT_INFO, line, (uint32_t)(end - line));
	mt_process_drop(h);
	mt_process_drop(find(&name));
	end = line + 1;
	end = mt_put(end, " is back");
	mt_log_log(MT_INFO, line, (uint32_t)(end - line));
}

MT_EXPORT("run") void run(void) {
	if (mt_process_arg_count() > 0) {
		worker();
		return;
	}
	if (mt_process_supervise(spec, sizeof spec - 1) < 0)
		mt_process_exit(2);
	mt_info("ready");
	for (;;) {
		if (mt_message_receive(0, 0, -1) != MT_MESSAGE)
			continue;
		uint32_t n = read();
		if (mt_is(text, n, "stop"))
			return;
		if (mt_is(text, n, "count a") || mt_is(text, n, "count b"))
			count(text[n - 1]);
		if (mt_is(text, n, "fall a") || mt_is(text, n, "fall b"))
			fall(text[n - 1]);
	}
}
