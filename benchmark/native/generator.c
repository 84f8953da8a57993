/*
 * Generates the load: listening and sending members, in one process.
 *
 * The loop is closed, with a window of messages in flight (--window), or open,
 * at a rate (--rate). All servers get the same texts from the same code. The
 * server's CPU time is read here, at the same moments as the deliveries are
 * counted. The output is one line of JSON.
 *
 * usage: generator --wire NAME --port PORT --server PID [--members M]
 *   [--senders S] [--window W | --rate R] [--seconds T | --messages N]
 *   [--warmup SECONDS] [--stopped K] [--stamps] [--hold]
 */
#define _GNU_SOURCE
#include "loop.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct waits waits;

/* User and system time of all threads of the server, in seconds. */
static double server_cpu(void) {
	char path[64];
	char stat[1024];
	sprintf(path, "/proc/%d/stat", options.server);
	FILE *file = fopen(path, "r");
	if (!file || !fgets(stat, sizeof stat, file)) {
		fail("the server has gone");
	}

	fclose(file);
	unsigned long user = 0;
	unsigned long system = 0;
	// After the name in brackets come the fields from the third on.
	sscanf(strrchr(stat, ')') + 2,
		"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void start_timer(void) {
	load.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	long period = 1000000000 / (long)options.rate;
	struct itimerspec every = {
		.it_interval = {.tv_nsec = period},
		.it_value = {.tv_nsec = period},
	};
	timerfd_settime(load.timer, 0, &every, NULL);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	epoll_ctl(load.epoll, EPOLL_CTL_ADD, load.timer, &event);
}

/* Keeps the connections open until standard input ends. */
static void hold(double joined_ms) {
	load.answers_pings = true;
	printf("{\"joinedMs\":%.1f}\n", joined_ms);
	fflush(stdout);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	load.timer = STDIN_FILENO;
	epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	for (;;) {
		turn(&load, 1000);
	}
}

static void measure(void) {
	load.waits = NULL;
	bool has_run = run(options.warmup, 0);
	memset(&waits, 0, sizeof waits);
	load.waits = &waits;
	if (options.stopped > 0) {
		settle();
	}

	for (unsigned i = 0; i < options.stopped; i++) {
		stop_reading(&load, &load.members[options.senders + i]);
	}

	uint64_t delivered = load.delivered;
	uint64_t own = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t start = now_ns();
	double cpu = server_cpu();
	has_run = has_run && run(options.seconds, options.messages);
	cpu = server_cpu() - cpu;
	double wall = (double)(now_ns() - start) / 1e9;
	own = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID) - own;
	printf("{\"deliveries\":%llu,\"seconds\":%.4f,\"serverCpu\":%.3f,"
		"\"generatorShare\":%.3f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,"
		"\"longestMs\":%.3f,\"hasStalled\":%s",
		(unsigned long long)(load.delivered - delivered), wall, cpu,
		(double)own / 1e9 / wall, (double)wait_at(&waits, 0.5) / 1e3,
		(double)wait_at(&waits, 0.99) / 1e3, (double)waits.longest_us / 1e3,
		has_run ? "false" : "true");
}

/* Whether members that stopped reading learn of their gap once they read again. */
static bool tell_stopped(void) {
	load.waits = NULL;
	bool is_told = options.stopped > 0;
	for (unsigned i = 0; i < options.stopped; i++) {
		struct member *member = &load.members[options.senders + i];
		if (!member->is_cut_off) {
			resume_reading(&load, member);
		}

		uint64_t until = now_ns() + 3000000000;
		while (!member->was_told && !member->is_cut_off && now_ns() < until) {
			turn(&load, 100);
		}

		is_told = is_told && member->was_told;
	}

	return is_told;
}

static void read_options(int count, char **arguments) {
	static const struct option known[] = {
		{"wire", 1, 0, 'i'}, {"port", 1, 0, 'p'}, {"server", 1, 0, 'v'},
		{"members", 1, 0, 'm'}, {"senders", 1, 0, 's'}, {"window", 1, 0, 'w'},
		{"rate", 1, 0, 'r'}, {"seconds", 1, 0, 't'}, {"messages", 1, 0, 'n'},
		{"warmup", 1, 0, 'u'}, {"stopped", 1, 0, 'k'}, {"stamps", 0, 0, 'a'},
		{"hold", 0, 0, 'h'}, {0},
	};
	int option;
	while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		switch (option) {
			case 'i': load.wire = find_wire(optarg); break;
			case 'p': load.port = atoi(optarg); break;
			case 'v': options.server = atoi(optarg); break;
			case 'm': load.listeners = (unsigned)atoi(optarg); break;
			case 's': options.senders = (unsigned)atoi(optarg); break;
			case 'w': options.window = (uint64_t)atoll(optarg); break;
			case 'r': options.rate = (uint64_t)atoll(optarg); break;
			case 't': options.seconds = atof(optarg); break;
			case 'n': options.messages = (uint64_t)atoll(optarg); break;
			case 'u': options.warmup = atof(optarg); break;
			case 'k': options.stopped = (unsigned)atoi(optarg); break;
			case 'a': load.has_stamps = true; break;
			case 'h': options.holds = true; break;
			default: exit(2);
		}
	}

	if (!load.wire || !load.port || !options.server) {
		fprintf(stderr, "generator: --wire, --port and --server are needed\n");
		exit(2);
	}
}

int main(int count, char **arguments) {
	read_options(count, arguments);
	load.epoll = epoll_create1(0);
	bool has_own = load.wire->has_own_senders && !options.holds;
	load.connections = load.listeners + (has_own ? options.senders : 0);
	load.members = calloc(load.connections + 1, sizeof *load.members);
	senders = load.members + (has_own ? load.listeners : 0);
	uint64_t start = now_ns();
	join_all();
	if (options.holds) {
		hold((double)(now_ns() - start) / 1e6);
	}

	if (options.rate > 0) {
		start_timer();
	}

	settle();
	measure();
	printf(",\"isTold\":%s}\n", tell_stopped() ? "true" : "false");
	return 0;
}
