/*
 * Many members in one process: they join, say, and count what they are
 * handed. A text holds one '@', which no wire uses for itself, and the time
 * at which it was said behind that.
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
	// It did not read for a while: what it is told of that is looked for.
	bool was_stopped;
	bool is_cut_off;
	bool was_told;
	uint64_t said;
	uint64_t got;
	// What could not be written yet.
	char *pending;
	size_t pending_bytes;
	size_t pending_capacity;
	// The first digits of a stamp whose rest is in the next chunk.
	int stamp_missing;
	uint64_t stamp;
	// The end of what came, for words that are cut in two.
	char last[64];
	size_t last_bytes;
};

struct load {
	const struct wire *wire;
	int port;
	int epoll;
	// Ends a wait in time for the next message of an open loop; standard input
	// where members are only held, until it ends.
	int timer;
	struct member *members;
	unsigned connections;
	unsigned listeners;
	unsigned joined;
	// Members that don't read.
	unsigned stopped;
	uint64_t delivered;
	bool has_stamps;
	// Idle members answer each ping, as a client does; in a load they only
	// say now and then that they are alive.
	bool answers_pings;
	struct waits *waits;
};

void open_member(struct load *load, struct member *member);
// Queues a text; flush_member writes all that is queued.
void say(struct load *load, struct member *member, const char *text);
void put(struct member *member, const char *bytes, size_t count);
void flush_member(struct load *load, struct member *member);
// Waits for at most so long and takes what came.
void turn(struct load *load, int timeout_ms);
void stop_reading(struct load *load, struct member *member);
void resume_reading(struct load *load, struct member *member);
void fail(const char *what);

#endif
