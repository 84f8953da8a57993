/* What is asked for, and the loops that do it. */
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
// Until a message has come to all, and then nothing more.
void settle(void);
// For so long; or, within that time, until so many messages have come to all.
// False where they have not, or where nothing has moved for 5 s.
bool run(double seconds, uint64_t messages);

#endif
