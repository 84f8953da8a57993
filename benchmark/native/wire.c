/* The wires: sockchat's frames, RESP, NATS, WebSocket, bare lines. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

static size_t greet_sockchat(char *out, unsigned member, bool is_sender) {
	(void)is_sender;
	return (size_t)sprintf(out,
		"{\"type\":\"hello\",\"v\":1,"
		"\"client\":\"%08x-0000-4000-8000-%012x\",\"nick\":\"m%u\"}\n",
		member, member, member);
}

static size_t say_sockchat(char *out, uint64_t n, const char *text) {
	return (size_t)sprintf(out, "{\"type\":\"say\",\"n\":%llu,\"text\":\"%.*s\"}\n",
		(unsigned long long)n, text_bytes, text);
}

static size_t greet_redis(char *out, unsigned member, bool is_sender) {
	(void)member;
	const char *greeting = is_sender
		? "*1\r\n$4\r\nPING\r\n"
		: "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nroom\r\n";
	return strlen(strcpy(out, greeting));
}

static size_t say_redis(char *out, uint64_t n, const char *text) {
	(void)n;
	return (size_t)sprintf(out,
		"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n%.*s\r\n",
		text_bytes, text_bytes, text);
}

static size_t greet_nats(char *out, unsigned member, bool is_sender) {
	(void)member;
	(void)is_sender;
	return strlen(strcpy(out,
		"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"
		"SUB room 1\r\nPING\r\n"));
}

static size_t say_nats(char *out, uint64_t n, const char *text) {
	(void)n;
	return (size_t)sprintf(out, "PUB room %d\r\n%.*s\r\n",
		text_bytes, text_bytes, text);
}

static size_t greet_ws(char *out, unsigned member, bool is_sender) {
	(void)member;
	(void)is_sender;
	return strlen(strcpy(out,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
}

static size_t say_ws(char *out, uint64_t n, const char *text) {
	(void)n;
	// RFC 6455, 5.2: a whole text frame, masked (with zeroes), with a 16-bit length.
	const unsigned char head[] = {0x81, 0xfe, 0, text_bytes, 0, 0, 0, 0};
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, text, text_bytes);
	return sizeof head + text_bytes;
}

static size_t greet_line(char *out, unsigned member, bool is_sender) {
	(void)out;
	(void)member;
	(void)is_sender;
	return 0;
}

static size_t say_line(char *out, uint64_t n, const char *text) {
	(void)n;
	memcpy(out, text, text_bytes);
	out[text_bytes] = '\n';
	return text_bytes + 1;
}

static const struct wire wires[] = {
	{"sockchat", false, true, "\"type\":\"welcome\"",
		"{\"type\":\"pong\",\"id\":0}\n", greet_sockchat, say_sockchat},
	{"redis", true, true, "\r\n", NULL, greet_redis, say_redis},
	{"nats", false, true, "PONG\r\n", NULL, greet_nats, say_nats},
	{"ws", false, true, "\r\n\r\n", NULL, greet_ws, say_ws},
	{"line", false, true, NULL, NULL, greet_line, say_line},
	{"broker", false, false, NULL, NULL, greet_line, say_line},
};

const struct wire *find_wire(const char *name) {
	for (size_t i = 0; i < sizeof wires / sizeof *wires; i++) {
		if (strcmp(wires[i].name, name) == 0) {
			return &wires[i];
		}
	}

	return NULL;
}
