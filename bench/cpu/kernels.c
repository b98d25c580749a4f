/* Guest kernels of the CPU bench. The same image runs in xedgesim, in QEMU (mps2-an386) and in Unicorn: kernel and
 * number of rounds are words at 0x20008000, the end is a semihosting exit.
 * `mixed` has the mix of embedded integer code: a linked list, a small matrix, a state machine, a CRC. */
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

struct node {
  struct node *next;
  int16_t value, index;
};
static struct node nodes[64];
static int16_t matrix_a[12][12], matrix_b[12][12];
static int32_t matrix_c[12][12];
volatile uint32_t sink;

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
    for (int j = 0; j < 12; ++j)
      matrix_a[i][j] = (int16_t)(seed + (uint32_t)i), matrix_b[i][j] = (int16_t)(seed ^ (uint32_t)j);
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

static void mixed(uint32_t n) {
  uint16_t crc = crc16(list(n), 0xFFFF);
  crc = crc16(matrix(n), crc);
  crc = crc16(machine("12,3.75,abc,99999,1e4,.5,77.125,x,0"), crc);
  sink = crc;
}

/* FIR filter and matrix product. */
static float samples[128], taps[16], filtered[128], fa[8][8], fb[8][8], fc[8][8];
static void floating(uint32_t n) {
  for (int i = 0; i < 16; ++i) taps[i] = 1.0f / (float)(i + 1);
  for (int i = 0; i < 128; ++i) samples[i] = (float)((i * 37 + (int)n) & 255) * 0.01f - 1.0f;
  for (int i = 0; i < 112; ++i) {
    float s = 0;
    for (int k = 0; k < 16; ++k) s += samples[i + k] * taps[k];
    filtered[i] = s;
  }
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) fa[i][j] = filtered[8 * i + j], fb[i][j] = samples[8 * j + i];
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) {
      float s = 0;
      for (int k = 0; k < 8; ++k) s += fa[i][k] * fb[k][j];
      fc[i][j] = s;
    }
  sink = (uint32_t)(int32_t)(filtered[n & 63] + fc[n & 7][3]);
}

/* int8 convolution as CMSIS-NN does it: two products an instruction. */
static int8_t input[256], weights[8][64];
static int8_t output[8][24];
static int32_t smlad(uint32_t a, uint32_t b, int32_t c) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
  return r;
}
static uint32_t sxtb16(uint32_t v) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(v));
  return r;
}
static uint32_t sxtb16_high(uint32_t v) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
  return r;
}
static void int8(uint32_t n) {
  for (int i = 0; i < 256; ++i) input[i] = (int8_t)(i * 13 + (int)n);
  for (int c = 0; c < 8; ++c)
    for (int i = 0; i < 64; ++i) weights[c][i] = (int8_t)(i * 7 - c * 31);
  for (int c = 0; c < 8; ++c)
    for (int x = 0; x < 24; ++x) {
      const uint32_t *a = (const uint32_t *)&input[8 * x], *w = (const uint32_t *)weights[c];
      int32_t sum = 1 << 6;
      for (int k = 0; k < 16; ++k) {
        const uint32_t p = a[k], q = w[k];
        sum = smlad(sxtb16(p), sxtb16(q), sum);
        sum = smlad(sxtb16_high(p), sxtb16_high(q), sum);
      }
      sum >>= 7;
      output[c][x] = (int8_t)(sum > 127 ? 127 : sum < -128 ? -128 : sum);
    }
  sink = (uint32_t)output[n & 7][n % 24];
}

static uint16_t next_of[1024];
static void chase(uint32_t n) {
  if (n == 0)
    for (uint32_t i = 0; i < 1024; ++i) next_of[i] = (uint16_t)((i * 421 + 97) & 1023);
  uint32_t at = n & 1023;
  for (int i = 0; i < 2000; ++i) at = next_of[at];
  sink = at;
}

/* A bytecode interpreter: a sieve and a checksum in its own language. */
enum { PUSH, ADD, XOR, DUP, SHR, AND1, JZ, JNZ, DEC, SWAP, LOAD, STORE, END };
static const uint8_t program[] = {PUSH, 40, STORE, 0, PUSH, 1, LOAD, 0, ADD, DUP, PUSH, 3, XOR, ADD, DUP, AND1, JZ, 20,
                                  PUSH, 77, XOR, SHR, LOAD, 0, DEC, DUP, STORE, 0, JNZ, 6, END};
static void bytecode(uint32_t n) {
  uint32_t stack[16], *sp = stack, variables[2] = {n, 0};
  *sp++ = n;
  for (const uint8_t *pc = program;;) {
    if (sp > stack + 12 || sp < stack + 2) sp = stack + 4, stack[0] = stack[1] = stack[2] = stack[3] = n;
    switch (*pc++) {
      case PUSH: *sp++ = *pc++; break;
      case ADD: --sp, sp[-1] += *sp; break;
      case XOR: --sp, sp[-1] ^= *sp; break;
      case DUP: *sp = sp[-1], ++sp; break;
      case SHR: sp[-1] >>= 1; break;
      case AND1: sp[-1] &= 1; break;
      case JZ: if (*--sp == 0) pc = program + *pc; else ++pc; break;
      case JNZ: if (*--sp != 0) pc = program + *pc; else ++pc; break;
      case DEC: --sp[-1]; break;
      case SWAP: { const uint32_t t = sp[-1]; sp[-1] = sp[-2], sp[-2] = t; break; }
      case LOAD: *sp++ = variables[*pc++]; break;
      case STORE: variables[*pc++] = *--sp; break;
      default: sink = sp[-1]; return;
    }
  }
}

static uint32_t from[256], to[256];
static void load_store(uint32_t n) {
  (void)n;
  for (int i = 0; i < 256; i += 4) {
    to[i] = from[i];
    to[i + 1] = from[i + 1];
    to[i + 2] = from[i + 2];
    to[i + 3] = from[i + 3];
  }
  __asm__ volatile("" ::: "memory");
}

/* 0x40000004 is a timer's counter on mps2-an386. */
static void mmio(uint32_t n) {
  (void)n;
  for (int i = 0; i < 100; ++i) {
    (void)REG(0x40000004);
    (void)REG(0x40000004);
    (void)REG(0x40000004);
    (void)REG(0x40000004);
  }
}

static volatile uint32_t ticks;
void sys_tick(void) { ++ticks; }
/* One round is one tick; REG(0x20008008) is the reload value of one millisecond. */
static void tick(uint32_t n) {
  if (n == 0) {
    REG(0xE000E014) = REG(0x20008008);
    REG(0xE000E018) = 0;
    REG(0xE000E010) = 7;
  }
  while (ticks == n) __asm__ volatile("wfi");
}

static void (*const kernels[])(uint32_t) = {mixed, floating, int8, chase, bytecode, load_store, mmio, tick};

void reset(void) {
  REG(0xE000ED88) = 0xFu << 20;
  __asm__ volatile("dsb\n isb");
  void (*const kernel)(uint32_t) = kernels[REG(0x20008000)];
  const uint32_t rounds = REG(0x20008004);
  for (uint32_t n = 0; n < rounds; ++n) kernel(n);
  __asm__ volatile("movs r0, #0x18\n movw r1, #0x0026\n movt r1, #2\n bkpt 0xAB\n b .");
}

extern uint32_t stack_top;
__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    &stack_top, (void *)reset, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (void *)sys_tick};
