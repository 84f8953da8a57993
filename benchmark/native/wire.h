/*
 * How each contestant is spoken to: what a member says to join, how it sees
 * that it has, and how a text is said. Nothing else of the load differs.
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
	// A subscriber of redis may not publish: its senders are no members.
	bool has_own_senders;
	// Whether a sender gets its own message: ncat's broker leaves it out.
	bool has_echo;
	// What the server's first word must hold; NULL where it says none.
	const char *joined;
	// Said once a second by those who only listen, instead of an answer to
	// each heartbeat, so that reading need not parse.
	const char *alive;
	size_t (*greet)(char *out, unsigned member, bool is_sender);
	// n counts the messages of this member from 1.
	size_t (*say)(char *out, uint64_t n, const char *text);
};

const struct wire *find_wire(const char *name);

#endif
