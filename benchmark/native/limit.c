/*
 * The limit: sockchat's design without Node and without the protocol.
 *
 * One log, a cursor per member, one send per member and turn, TCP_NODELAY; an
 * entry is a line as received. The CPU time that sockchat needs beyond this is
 * the cost of the runtime, the frames and the rules of the room.
 *
 * usage: limit PORT
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	max_members = 16384,
	max_line = 4096,
	read_bytes = 65536,
	log_bytes = 16 * 1024 * 1024,
};

struct member {
	int fd;
	bool is_blocked;
	uint64_t cursor;
	size_t rest_bytes;
	char rest[max_line];
};

static struct member *members[max_members];
static int member_count;
// A ring: a position is an absolute offset; its place is the remainder.
static char ring[log_bytes];
static uint64_t end;
static int epoll;

static void append(const char *bytes, size_t count) {
	size_t at = end % log_bytes;
	size_t first = count < log_bytes - at ? count : log_bytes - at;
	memcpy(ring + at, bytes, first);
	memcpy(ring, bytes + first, count - first);
	end += count;
}

static void watch(struct member *member) {
	struct epoll_event event = {
		.events = EPOLLIN | (member->is_blocked ? EPOLLOUT : 0),
		.data.ptr = member,
	};
	epoll_ctl(epoll, EPOLL_CTL_MOD, member->fd, &event);
}

static void hand_on(struct member *member) {
	if (end - member->cursor > log_bytes) {
		member->cursor = end - log_bytes;
	}

	while (member->cursor < end) {
		size_t at = member->cursor % log_bytes;
		size_t count = end - member->cursor;
		if (count > log_bytes - at) {
			count = log_bytes - at;
		}

		ssize_t sent = send(member->fd, ring + at, count, MSG_NOSIGNAL);
		if (sent > 0) {
			member->cursor += (uint64_t)sent;
		}

		if (sent < (ssize_t)count) {
			member->is_blocked = true;
			watch(member);
			return;
		}
	}
}

static void take(struct member *member) {
	static char chunk[max_line + read_bytes];
	memcpy(chunk, member->rest, member->rest_bytes);
	ssize_t count = recv(member->fd, chunk + member->rest_bytes, read_bytes, 0);
	if (count <= 0) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, member->fd, NULL);
		close(member->fd);
		member->fd = -1;
		return;
	}

	size_t bytes = member->rest_bytes + (size_t)count;
	char *last = memrchr(chunk, '\n', bytes);
	size_t whole = last ? (size_t)(last + 1 - chunk) : 0;
	append(chunk, whole);
	member->rest_bytes = bytes - whole;
	if (member->rest_bytes > max_line) {
		exit(1);
	}

	memcpy(member->rest, chunk + whole, member->rest_bytes);
}

static void accept_all(int listener) {
	int fd;
	while (member_count < max_members &&
		(fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		struct member *member = calloc(1, sizeof *member);
		member->fd = fd;
		member->cursor = end;
		members[member_count++] = member;
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static int listen_on(int port) {
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(fd, 4096) != 0) {
		perror("limit");
		exit(1);
	}

	return fd;
}

int main(int count, char **arguments) {
	int listener = listen_on(count > 1 ? atoi(arguments[1]) : 0);
	epoll = epoll_create1(0);
	struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening);
	static struct epoll_event events[1024];
	for (;;) {
		uint64_t before = end;
		int ready = epoll_wait(epoll, events, 1024, -1);
		for (int i = 0; i < ready; i++) {
			struct member *member = events[i].data.ptr;
			if (!member) {
				accept_all(listener);
				continue;
			}

			if (events[i].events & EPOLLOUT) {
				member->is_blocked = false;
				watch(member);
				hand_on(member);
			}

			if (member->fd >= 0 && events[i].events & ~(uint32_t)EPOLLOUT) {
				take(member);
			}
		}

		for (int i = 0; end != before && i < member_count; i++) {
			if (members[i]->fd >= 0 && !members[i]->is_blocked) {
				hand_on(members[i]);
			}
		}
	}
}
