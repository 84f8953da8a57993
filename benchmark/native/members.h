/*
 * Many members in one process: they join, send, and count what they receive.
 * A text contains one '@', which no wire uses itself, followed by the time of
 * sending.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "clock.h"
#include "wire.h"

enum {
	marker = '@',
	stamp_digits = 16,
	read_bytes = 256 * 1024,
};

struct member {
	int fd;
	unsigned number;
	bool is_sender;
	bool is_joined;
	bool is_stopped;
	bool is_watched_for_room;
	// It stopped reading for a while: look for the notice of its gap.
	bool was_stopped;
	bool is_cut_off;
	bool was_told;
	uint64_t said;
	uint64_t got;
	// Bytes not written yet.
	char *pending;
	size_t pending_bytes;
	size_t pending_capacity;
	// The first digits of a stamp whose rest is in the next chunk.
	int stamp_missing;
	uint64_t stamp;
	// The end of the last chunk, for words split between chunks.
	char last[64];
	size_t last_bytes;
};

struct load {
	const struct wire *wire;
	int port;
	int epoll;
	// A timer for the next message of an open loop; standard input if members are
	// only kept connected until it ends.
	int timer;
	struct member *members;
	unsigned connections;
	unsigned listeners;
	unsigned joined;
	// Members that don't read.
	unsigned stopped;
	uint64_t delivered;
	bool has_stamps;
	// Idle members answer each ping, as a client does; under load they only send a
	// sign of life now and then.
	bool answers_pings;
	struct waits *waits;
};

void open_member(struct load *load, struct member *member);
// Queues a text; flush_member writes everything queued.
void say(struct load *load, struct member *member, const char *text);
void put(struct member *member, const char *bytes, size_t count);
void flush_member(struct load *load, struct member *member);
// Waits at most this long and reads what arrived.
void turn(struct load *load, int timeout_ms);
void stop_reading(struct load *load, struct member *member);
void resume_reading(struct load *load, struct member *member);
void fail(const char *what);

#endif
