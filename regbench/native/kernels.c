/* Passes over memory that torch and NumPy make one operation at a time, here in one pass each.

   Every function gives the bits of the Python function of its name, for all numbers: infinite ones, NaN and zeros of
   both signs too. So each conditional below stands in the order of the instruction that torch uses. */

#include <stddef.h>
#include <stdint.h>

#ifdef CLONES /* several versions of each function, of which the processor's best is taken when the library is loaded */
#define KERNEL __attribute__((target_clones(CLONES)))
#else
#define KERNEL
#endif

enum { WORDS = 64, BYTES = 8 * WORDS }; /* drawn at a time, so that they stay in the first cache */

/* The n-th word of a stream, as `Stream.bits` in random.py makes it: SplitMix64. */
static inline uint64_t word(uint64_t key, uint64_t n) {
  uint64_t x = key + n * UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* The mask of a layer: `kept` where a byte of the stream reaches the threshold, else 0. */
KERNEL void draw(float *restrict mask, size_t size, int64_t key, int32_t threshold, float kept) {
  for (size_t start = 0; start < size; start += BYTES) {
    union {
      uint64_t words[WORDS];
      uint8_t bytes[BYTES];
    } random;
    for (size_t i = 0; i < WORDS; i++) random.words[i] = word((uint64_t)key, start / 8 + i + 1);
    float *restrict out = mask + start;
    if (size - start >= BYTES) /* a length known beforehand is faster */
      for (size_t i = 0; i < BYTES; i++) out[i] = random.bytes[i] >= threshold ? kept : 0.0f;
    else
      for (size_t i = 0; i < size - start; i++) out[i] = random.bytes[i] >= threshold ? kept : 0.0f;
  }
}

/* ReLU, then the mask. NaN and -0 are not below 0, so they stay. */
KERNEL void activate(float *restrict h, const float *restrict mask, size_t size) {
  for (size_t i = 0; i < size; i++) h[i] = (0.0f > h[i] ? 0.0f : h[i]) * mask[i];
}

/* The gradient of both: 0 where h <= 0, which NaN is not. */
KERNEL void gate(float *restrict dz, const float *restrict h, size_t size, float scale) {
  for (size_t i = 0; i < size; i++) {
    const float scaled = dz[i] * scale;
    dz[i] = h[i] <= 0.0f ? 0.0f : scaled;
  }
}
