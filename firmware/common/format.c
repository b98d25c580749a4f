#include "common/format.h"

#include <stdbool.h>

struct writer {
  char* out;
  size_t size, length;
};

static void put(struct writer* w, char c) {
  if (w->length + 1 < w->size) w->out[w->length++] = c;
}

static void put_padded(struct writer* w, const char* text, size_t length, size_t width, bool zeros,
                       bool negative) {
  size_t total = length + (negative ? 1 : 0);
  if (negative && zeros) put(w, '-');
  for (size_t i = total; i < width; i++) put(w, zeros ? '0' : ' ');
  if (negative && !zeros) put(w, '-');
  for (size_t i = 0; i < length; i++) put(w, text[i]);
}

static void put_number(struct writer* w, unsigned long value, unsigned base, size_t width, bool zeros,
                       bool negative) {
  char digits[24];
  size_t first = sizeof digits;
  do {
    digits[--first] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  put_padded(w, digits + first, sizeof digits - first, width, zeros, negative);
}

size_t format_text(char* out, size_t size, const char* format, va_list args) {
  struct writer w = {out, size, 0};
  for (const char* p = format; *p != '\0'; p++) {
    if (*p != '%') {
      put(&w, *p);
      continue;
    }
    const char* start = p++;
    bool zeros = *p == '0';
    size_t width = 0;
    while (*p >= '0' && *p <= '9') width = width * 10 + (size_t)(*p++ - '0');
    bool is_long = *p == 'l';
    if (is_long) p++;
    switch (*p) {
      case 'd': {
        long v = is_long ? va_arg(args, long) : va_arg(args, int);
        put_number(&w, v < 0 ? 0ul - (unsigned long)v : (unsigned long)v, 10, width, zeros, v < 0);
        break;
      }
      case 'u':
      case 'x': {
        unsigned long v = is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned);
        put_number(&w, v, *p == 'x' ? 16 : 10, width, zeros, false);
        break;
      }
      case 'c':
        put(&w, (char)va_arg(args, int));
        break;
      case 's': {
        const char* text = va_arg(args, const char*);
        size_t length = 0;
        while (text[length] != '\0') length++;
        put_padded(&w, text, length, width, false, false);
        break;
      }
      case '%':
        put(&w, '%');
        break;
      default:
        while (start < p) put(&w, *start++);
        if (*p == '\0')
          p--;
        else
          put(&w, *p);
    }
  }
  w.out[w.length] = '\0';
  return w.length;
}
