/* Sockets of members, read and written without blocking. */
#define _GNU_SOURCE
#include "members.h"

#include "count.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void fail(const char *what) {
	fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void watch(struct load *load, struct member *member, int operation) {
	struct epoll_event event = {
		.events = (member->is_stopped ? 0 : EPOLLIN) |
			(member->is_watched_for_room ? EPOLLOUT : 0),
		.data.ptr = member,
	};
	if (epoll_ctl(load->epoll, operation, member->fd, &event) != 0) {
		fail("epoll_ctl()");
	}
}

void open_member(struct load *load, struct member *member) {
	member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (member->fd < 0) {
		fail("socket()");
	}

	setsockopt(member->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)load->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (connect(member->fd, (struct sockaddr *)&address, sizeof address) != 0 &&
		errno != EINPROGRESS) {
		fail("connect()");
	}

	char greeting[max_message_bytes];
	put(member, greeting,
		load->wire->greet(greeting, member->number, member->is_sender));
	// It becomes writable once connected, and then sends its greeting.
	member->is_watched_for_room = true;
	watch(load, member, EPOLL_CTL_ADD);
}

void put(struct member *member, const char *bytes, size_t count) {
	if (member->pending_bytes + count > member->pending_capacity) {
		member->pending_capacity = 2 * (member->pending_bytes + count);
		member->pending = realloc(member->pending, member->pending_capacity);
	}

	memcpy(member->pending + member->pending_bytes, bytes, count);
	member->pending_bytes += count;
}

void say(struct load *load, struct member *member, const char *text) {
	char message[max_message_bytes];
	put(member, message, load->wire->say(message, ++member->said, text));
}

void flush_member(struct load *load, struct member *member) {
	size_t sent = 0;
	if (member->pending_bytes > 0 && !member->is_cut_off) {
		ssize_t count = send(member->fd, member->pending, member->pending_bytes,
			MSG_NOSIGNAL);
		if (count < 0 && errno != EAGAIN) {
			fail("send()");
		}

		sent = count > 0 ? (size_t)count : 0;
		memmove(member->pending, member->pending + sent,
			member->pending_bytes - sent);
		member->pending_bytes -= sent;
	}

	bool needs_room = member->pending_bytes > 0;
	if (needs_room != member->is_watched_for_room) {
		member->is_watched_for_room = needs_room;
		watch(load, member, EPOLL_CTL_MOD);
	}
}

void stop_reading(struct load *load, struct member *member) {
	member->is_stopped = true;
	member->was_stopped = true;
	load->stopped++;
	watch(load, member, EPOLL_CTL_MOD);
}

void resume_reading(struct load *load, struct member *member) {
	member->is_stopped = false;
	watch(load, member, EPOLL_CTL_MOD);
}

/* Reads the stamps of a chunk; one may have begun in the previous chunk. */
static size_t take_stamps(struct load *load, struct member *member,
	const char *bytes, size_t length) {
	uint64_t now = now_ns();
	size_t count = 0;
	const char *end = bytes + length;
	while (bytes < end) {
		if (member->stamp_missing == 0) {
			bytes = memchr(bytes, marker, (size_t)(end - bytes));
			if (!bytes) {
				break;
			}

			bytes++;
			count++;
			member->stamp = 0;
			member->stamp_missing = stamp_digits;
			continue;
		}

		char digit = *bytes++;
		member->stamp = member->stamp << 4 |
			(uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
		if (--member->stamp_missing == 0 && load->waits) {
			note_wait(load->waits, now - member->stamp);
		}
	}

	return count;
}

/* Whether a word is in a small chunk, or spans it and the one before. */
static bool holds(struct member *member, const char *bytes, size_t length,
	const char *word) {
	char joint[2 * sizeof member->last];
	memcpy(joint, member->last, member->last_bytes);
	size_t head = length < sizeof member->last ? length : sizeof member->last;
	memcpy(joint + member->last_bytes, bytes, head);
	return memmem(joint, member->last_bytes + head, word, strlen(word)) ||
		memmem(bytes, length, word, strlen(word));
}

static void keep_last(struct member *member, const char *bytes, size_t length) {
	size_t kept = strlen("\"type\":\"welcome\"");
	if (length < kept) {
		kept = length;
	}

	memcpy(member->last, bytes + length - kept, kept);
	member->last_bytes = kept;
}

static void answer(struct load *load, struct member *member, const char *bytes,
	size_t length) {
	if (holds(member, bytes, length, "PING\r\n")) {
		put(member, "PONG\r\n", 6);
	}

	const char *ping = memmem(bytes, length, "\"type\":\"ping\",\"id\":", 19);
	if (ping) {
		char pong[64];
		put(member, pong, (size_t)sprintf(pong,
			"{\"type\":\"pong\",\"id\":%d}\n", atoi(ping + 19)));
	}

	if (member->pending_bytes > 0) {
		flush_member(load, member);
	}
}

/* A server may cut off only members that don't read. */
static void cut_off(struct load *load, struct member *member) {
	if (!member->was_stopped) {
		fail("a member was cut off");
	}

	epoll_ctl(load->epoll, EPOLL_CTL_DEL, member->fd, NULL);
	close(member->fd);
	member->is_cut_off = true;
}

static void take(struct load *load, struct member *member) {
	static char bytes[read_bytes];
	ssize_t count = recv(member->fd, bytes, sizeof bytes, 0);
	if (count <= 0) {
		if (count < 0 && errno == EAGAIN) {
			return;
		}

		cut_off(load, member);
		return;
	}

	size_t length = (size_t)count;
	if (!member->is_joined) {
		if (holds(member, bytes, length, load->wire->joined)) {
			member->is_joined = true;
			load->joined++;
		}
	} else if (load->answers_pings) {
		answer(load, member, bytes, length);
	}

	size_t got = load->has_stamps ? take_stamps(load, member, bytes, length)
		: count_of(bytes, length, marker);
	if (member->was_stopped && holds(member, bytes, length, "\"type\":\"gap\"")) {
		member->was_told = true;
	}

	keep_last(member, bytes, length);
	member->got += got;
	load->delivered += got;
}

void turn(struct load *load, int timeout_ms) {
	static struct epoll_event events[1024];
	int ready = epoll_wait(load->epoll, events, 1024, timeout_ms);
	for (int i = 0; i < ready; i++) {
		struct member *member = events[i].data.ptr;
		if (!member) {
			uint64_t expirations;
			if (read(load->timer, &expirations, sizeof expirations) == 0) {
				exit(0);
			}

			continue;
		}

		if (events[i].events & EPOLLOUT) {
			if (!load->wire->joined && !member->is_joined) {
				member->is_joined = true;
				load->joined++;
			}

			flush_member(load, member);
		}

		if (events[i].events & EPOLLIN) {
			take(load, member);
		} else if (events[i].events & (EPOLLHUP | EPOLLERR)) {
			cut_off(load, member);
		}
	}
}
