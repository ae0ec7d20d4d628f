"""SHA-256 of short texts, as FIPS 180-4 has it: cheaper than a hash object where it is needed for every order."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    static const uint32_t LETRADE_SHA256_K[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    #define LETRADE_ROTATED(word, by) (((word) >> (by)) | ((word) << (32 - (by))))
    #define LETRADE_ROUND(a, b, c, d, e, f, g, h, i) do { \\
        uint32_t first = h + (LETRADE_ROTATED(e, 6) ^ LETRADE_ROTATED(e, 11) ^ LETRADE_ROTATED(e, 25)) \\
            + (g ^ (e & (f ^ g))) + LETRADE_SHA256_K[i] + words[i]; \\
        d += first; \\
        h = first + (LETRADE_ROTATED(a, 2) ^ LETRADE_ROTATED(a, 13) ^ LETRADE_ROTATED(a, 22)) \\
            + ((a & b) | (c & (a | b))); \\
    } while (0)
    static void letrade_sha256_block(uint32_t *state, const uint8_t *block) {
        uint32_t words[64], a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        int i;
        for (i = 0; i < 16; i++)
            words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
                | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
        for (; i < 64; i++) {
            uint32_t early = words[i - 15], late = words[i - 2];
            words[i] = words[i - 16] + words[i - 7]
                + (LETRADE_ROTATED(early, 7) ^ LETRADE_ROTATED(early, 18) ^ (early >> 3))
                + (LETRADE_ROTATED(late, 17) ^ LETRADE_ROTATED(late, 19) ^ (late >> 10));
        }
        for (i = 0; i < 64; i += 8) {
            LETRADE_ROUND(a, b, c, d, e, f, g, h, i);
            LETRADE_ROUND(h, a, b, c, d, e, f, g, i + 1);
            LETRADE_ROUND(g, h, a, b, c, d, e, f, i + 2);
            LETRADE_ROUND(f, g, h, a, b, c, d, e, i + 3);
            LETRADE_ROUND(e, f, g, h, a, b, c, d, i + 4);
            LETRADE_ROUND(d, e, f, g, h, a, b, c, i + 5);
            LETRADE_ROUND(c, d, e, f, g, h, a, b, i + 6);
            LETRADE_ROUND(b, c, d, e, f, g, h, a, i + 7);
        }
        state[0] += a; state[1] += b; state[2] += c; state[3] += d;
        state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
    #if defined(__GNUC__) && defined(__x86_64__)
    #include <cpuid.h>
    #include <immintrin.h>
    /* The processor's own rounds hold the state as ABEF and CDGH. */
    __attribute__((target("sha,sse4.1")))
    static void letrade_sha256_block_by_processor(uint32_t *state, const uint8_t *block) {
        const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
        __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
        __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
        __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xF0);
        __m128i abef_before = abef, cdgh_before = cdgh, words[4], sum, next;
        int i;
        for (i = 0; i < 4; i++)
            words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * i)), order);
        for (i = 0; i < 16; i++) {
            sum = _mm_add_epi32(words[i & 3], _mm_loadu_si128((const __m128i *)(LETRADE_SHA256_K + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
            if (i < 12) {
                next = _mm_add_epi32(_mm_sha256msg1_epu32(words[i & 3], words[(i + 1) & 3]),
                                     _mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
                words[i & 3] = _mm_sha256msg2_epu32(next, words[(i + 3) & 3]);
            }
        }
        low = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1B);
        high = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xB1);
        _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xF0));
        _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
    }
    static int letrade_processor_hashes(void) {
        static int known = -1;
        unsigned int a, b, c, d;
        if (known < 0)
            known = __get_cpuid(1, &a, &b, &c, &d) && (c >> 19 & 1) && (c >> 9 & 1)
                && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
        return known;
    }
    #else
    #define letrade_sha256_block_by_processor letrade_sha256_block
    static int letrade_processor_hashes(void) { return 0; }
    #endif
    """
    void sha256_block "letrade_sha256_block"(uint32_t* state, const uint8_t* block) noexcept nogil
    void sha256_block_by_processor "letrade_sha256_block_by_processor"(
        uint32_t* state, const uint8_t* block
    ) noexcept nogil
    bint processor_hashes "letrade_processor_hashes"() noexcept nogil

ctypedef void (*HashBlock)(uint32_t* state, const uint8_t* block) noexcept nogil


cdef inline void sha256_hex(const char* text, Py_ssize_t length, char* digits, bint plain=False) noexcept nogil:
    """The digest as 64 hexadecimal digits, which may lie where the text lies; `plain`: without the processor's help."""
    cdef HashBlock hash_block = sha256_block_by_processor if processor_hashes() and not plain else sha256_block
    cdef uint32_t* state = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    ]
    cdef uint8_t[128] tail
    cdef Py_ssize_t done = 0, rest, room, place
    cdef uint64_t bits = <uint64_t>length * 8
    cdef const char* alphabet = b"0123456789abcdef"
    while length - done >= 64:
        hash_block(state, <const uint8_t*>text + done)
        done += 64
    rest = length - done
    room = 64 if rest < 56 else 128
    memset(tail, 0, 128)
    memcpy(tail, text + done, rest)
    tail[rest] = 0x80
    for place in range(8):
        tail[room - 1 - place] = (bits >> (8 * place)) & 255
    hash_block(state, tail)
    if room == 128:
        hash_block(state, tail + 64)
    for place in range(64):
        digits[place] = alphabet[(state[place >> 3] >> (28 - 4 * (place & 7))) & 15]
