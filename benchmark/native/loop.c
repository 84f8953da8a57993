/* The two loops, and the set-up before them: all join, all receive a message. */
#include "loop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options options = {.senders = 1, .window = 1, .seconds = 1, .warmup = 0.5};
struct load load;
struct member *senders;
static uint64_t said;
static uint64_t said_before;
static uint64_t delivered_before;

/* How many members get each message: some servers exclude its sender. */
static unsigned fan(void) {
	unsigned reading = load.listeners - load.stopped;
	return load.wire->has_echo ? reading : reading - 1;
}

static uint64_t in_flight(void) {
	return said - said_before - (load.delivered - delivered_before) / fan();
}

static void say_next(void) {
	char text[text_bytes + 1];
	sprintf(text, "%c%016llx", marker, (unsigned long long)now_ns());
	memset(text + 1 + stamp_digits, 'x', text_bytes - 1 - stamp_digits);
	say(&load, &senders[said % options.senders], text);
	said++;
}

static void flush_senders(void) {
	for (unsigned i = 0; i < options.senders; i++) {
		if (senders[i].pending_bytes > 0) {
			flush_member(&load, &senders[i]);
		}
	}
}

/* Listening members send a sign of life once a second. */
static void say_alive(void) {
	static uint64_t due;
	static unsigned next;
	uint64_t now = now_ns();
	if (!load.wire->alive || load.listeners == 0 || now < due) {
		return;
	}

	due = now + 1000000000 / load.listeners;
	struct member *member = &load.members[next++ % load.listeners];
	put(member, load.wire->alive, strlen(load.wire->alive));
	flush_member(&load, member);
}

void join_all(void) {
	unsigned opened = 0;
	while (load.joined < load.connections) {
		// No more at once than the queue of listen() takes.
		while (opened < load.connections && opened - load.joined < 256) {
			struct member *member = &load.members[opened];
			member->number = opened++;
			member->is_sender = member >= senders &&
				member < senders + options.senders;
			open_member(&load, member);
			if (!load.wire->has_echo) {
				// ncat's queue takes 10; further connections wait seconds.
				usleep(2000);
			}
		}

		turn(&load, 100);
	}
}

/* Waits until all have received a message, and nothing more arrives. */
void settle(void) {
	bool has_all = false;
	while (!has_all) {
		say_next();
		flush_senders();
		uint64_t until = now_ns() + 100000000;
		while (now_ns() < until) {
			turn(&load, 10);
		}

		unsigned reached = 0;
		for (unsigned i = 0; i < load.listeners; i++) {
			reached += load.members[i].got > 0;
		}

		has_all = reached >= load.listeners - !load.wire->has_echo;
	}

	uint64_t before;
	do {
		before = load.delivered;
		uint64_t until = now_ns() + 100000000;
		while (now_ns() < until) {
			turn(&load, 10);
		}
	} while (load.delivered != before);
	said_before = said;
	delivered_before = load.delivered;
}

/* A closed loop gives up after this long without progress. */
static const uint64_t stalled_ns = 5000000000;

bool run(double seconds, uint64_t messages) {
	uint64_t start = now_ns();
	uint64_t until = start + (uint64_t)(seconds * 1e9);
	uint64_t last_at = start;
	uint64_t first = said;
	uint64_t seen = load.delivered;
	for (;;) {
		uint64_t now = now_ns();
		if (messages > 0 ? said - first >= messages && in_flight() == 0
			: now >= until) {
			return true;
		}

		if (now >= until) {
			return false;
		}

		if (load.delivered != seen) {
			seen = load.delivered;
			last_at = now;
		} else if (now - last_at > stalled_ns) {
			return false;
		}

		if (options.rate > 0) {
			uint64_t due = (now - start) / (1000000000 / options.rate);
			while (said - first < due) {
				say_next();
			}
		} else {
			while (in_flight() < options.window &&
				(messages == 0 || said - first < messages)) {
				say_next();
			}
		}

		flush_senders();
		say_alive();
		turn(&load, 100);
	}
}

