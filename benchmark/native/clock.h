/* Time, and a histogram of delays: one bucket per microsecond, up to 4 s. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

enum { buckets = 4000000 };

struct waits {
	uint64_t count;
	uint64_t longest_us;
	uint32_t counts[buckets + 1];
};

static inline uint64_t nanoseconds_of(clockid_t clock) {
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t now_ns(void) {
	return nanoseconds_of(CLOCK_MONOTONIC);
}

static inline void note_wait(struct waits *waits, uint64_t ns) {
	uint64_t us = ns / 1000;
	waits->count++;
	waits->counts[us < buckets ? us : buckets]++;
	if (us > waits->longest_us) {
		waits->longest_us = us;
	}
}

static inline uint64_t wait_at(const struct waits *waits, double share) {
	uint64_t wanted = (uint64_t)((double)waits->count * share);
	uint64_t seen = 0;
	for (uint64_t us = 0; us < buckets; us++) {
		seen += waits->counts[us];
		if (seen > wanted) {
			return us;
		}
	}

	return waits->longest_us;
}

#endif
