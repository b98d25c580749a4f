/* Guest kernels of the CPU bench. Each runs for ever; the bench runs it for a number of cycles.
 * The mix of `mixed` is that of embedded integer code: a linked list, a small matrix, a state machine, a CRC. */
#include <stdint.h>

extern uint32_t stack_top;

struct node {
  struct node *next;
  int16_t value, index;
};
static struct node nodes[64];
static int16_t matrix_a[12][12], matrix_b[12][12];
static int32_t matrix_c[12][12];
static volatile uint32_t sink;

static uint16_t crc16(uint32_t v, uint16_t crc) {
  for (int i = 0; i < 16; ++i) {
    const uint16_t carry = (uint16_t)((v ^ crc) & 1);
    v >>= 1;
    crc >>= 1;
    if (carry) crc ^= 0xA001;
  }
  return crc;
}

static uint32_t list(uint32_t seed) {
  for (int i = 0; i < 64; ++i) {
    nodes[i].next = i < 63 ? &nodes[i + 1] : 0;
    nodes[i].value = (int16_t)(seed * (uint32_t)(i * 17 + 3));
    nodes[i].index = (int16_t)i;
  }
  struct node *head = &nodes[0], *reversed = 0;
  while (head) {
    struct node *next = head->next;
    head->next = reversed;
    reversed = head;
    head = next;
  }
  uint32_t sum = 0;
  for (struct node *n = reversed; n; n = n->next)
    if (n->value & 1) sum += (uint32_t)n->value;
  return sum;
}

static uint32_t matrix(uint32_t seed) {
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 12; ++j) matrix_a[i][j] = (int16_t)(seed + i), matrix_b[i][j] = (int16_t)(seed ^ (uint32_t)j);
  uint32_t sum = 0;
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 12; ++j) {
      int32_t s = 0;
      for (int k = 0; k < 12; ++k) s += matrix_a[i][k] * matrix_b[k][j];
      matrix_c[i][j] = s;
      sum += (uint32_t)s;
    }
  return sum;
}

static uint32_t machine(const char *p) {
  uint32_t state = 0, counts[4] = {0, 0, 0, 0};
  for (; *p; ++p) {
    switch (state) {
      case 0: state = *p >= '0' && *p <= '9' ? 1 : *p == '.' ? 2 : 3; break;
      case 1: state = *p == '.' ? 2 : *p == ',' ? 0 : *p >= '0' && *p <= '9' ? 1 : 3; break;
      case 2: state = *p == ',' ? 0 : *p >= '0' && *p <= '9' ? 2 : 3; break;
      default: state = *p == ',' ? 0 : 3;
    }
    ++counts[state];
  }
  return counts[0] + 3 * counts[1] + 5 * counts[2] + 7 * counts[3];
}

void mixed(void) {
  for (uint32_t n = 1;; ++n) {
    uint16_t crc = crc16(list(n), 0xFFFF);
    crc = crc16(matrix(n), crc);
    crc = crc16(machine("12,3.75,abc,99999,1e4,.5,77.125,x,0"), crc);
    sink = crc;
  }
}

static float samples[128], taps[16], filtered[128];
void floating(void) {
  for (int i = 0; i < 16; ++i) taps[i] = 1.0f / (float)(i + 1);
  for (uint32_t n = 1;; ++n) {
    for (int i = 0; i < 128; ++i) samples[i] = (float)((i * 37 + (int)n) & 255) * 0.01f - 1.0f;
    for (int i = 0; i < 112; ++i) {
      float s = 0;
      for (int k = 0; k < 16; ++k) s += samples[i + k] * taps[k];
      filtered[i] = s;
    }
    sink = (uint32_t)(int32_t)filtered[n & 63];
  }
}

static uint32_t from[256], to[256];
void load_store(void) {
  for (;;) {
    for (int i = 0; i < 256; i += 4) {
      to[i] = from[i];
      to[i + 1] = from[i + 1];
      to[i + 2] = from[i + 2];
      to[i + 3] = from[i + 3];
    }
    __asm__ volatile("" ::: "memory");
  }
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {&stack_top, (void *)mixed, (void *)floating,
                                                                           (void *)load_store};
