/* The options of a run, and the loops. */
#ifndef LOOP_H
#define LOOP_H

#include "members.h"

struct options {
	int server;
	unsigned senders, stopped;
	uint64_t window, rate, messages;
	double seconds, warmup;
	bool holds;
};

extern struct options options;
extern struct load load;
extern struct member *senders;

void join_all(void);
// Waits until all have received a message, and nothing more arrives.
void settle(void);
// Runs for this long, or until all have received this many messages.
// Returns false if they have not, or after 5 s without progress.
bool run(double seconds, uint64_t messages);

#endif
