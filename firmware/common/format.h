#ifndef XEDGESIM_COMMON_FORMAT_H
#define XEDGESIM_COMMON_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A small vsnprintf: %d %u %x %c %s %%, with an optional `0`, width and `l`. Writes at most size - 1
 * characters and a terminating zero (size >= 1); returns the number of characters written. An unknown
 * conversion is copied. */
size_t format_text(char* out, size_t size, const char* format, va_list args);

#ifdef __cplusplus
}
#endif

#endif
