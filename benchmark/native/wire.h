/*
 * The wire of each contestant: how a member joins, how it knows that it has, and
 * how it sends a text. Nothing else of the load differs.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	text_bytes = 128,
	// The longest greeting or message of any wire.
	max_message_bytes = 512,
};

struct wire {
	const char *name;
	// A redis subscriber may not publish: its senders are not members.
	bool has_own_senders;
	// Whether a sender gets its own message; ncat's broker excludes it.
	bool has_echo;
	// A text that the server's first output must contain; NULL if it sends none.
	const char *joined;
	// Sent once a second by listening members instead of an answer to each
	// heartbeat, to avoid parsing.
	const char *alive;
	size_t (*greet)(char *out, unsigned member, bool is_sender);
	// n counts the messages of this member from 1.
	size_t (*say)(char *out, uint64_t n, const char *text);
};

const struct wire *find_wire(const char *name);

#endif
