/* Counts without parsing, to read gigabytes per second. */
#ifndef COUNT_H
#define COUNT_H

#include <stddef.h>

/* Counts a byte; the compiler vectorises it. */
static inline size_t count_of(const char *bytes, size_t length, char wanted) {
	size_t count = 0;
	while (length > 0) {
		// A sum of bytes that can't overflow is the fast one.
		size_t block = length < 255 ? length : 255;
		unsigned char sum = 0;
		for (size_t i = 0; i < block; i++) {
			sum = (unsigned char)(sum + (bytes[i] == wanted));
		}

		count += sum;
		bytes += block;
		length -= block;
	}

	return count;
}

#endif
