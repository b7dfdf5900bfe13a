/* The frozen layouts of abi_v1.inc as C sees them: the twin of abi_v1.cpp. Not part of libtenon; tests/abi compiles it (C11) for every
 * architecture. */
#include "tenon/tenon.h"

struct align_of_int64 {
  char first;
  int64_t second;
};

#if UINTPTR_MAX > 0xFFFFFFFFu
#define PICK(lp64, ilp32_4, ilp32_8) (lp64)
#define ENDS(type, field) _Static_assert(offsetof(type, field) + sizeof(((type*)0)->field) == sizeof(type), #type " has a padded tail")
#else
#define PICK(lp64, ilp32_4, ilp32_8) (offsetof(struct align_of_int64, second) == 4 ? (ilp32_4) : (ilp32_8))
#define ENDS(type, field) _Static_assert(offsetof(type, field) + sizeof(((type*)0)->field) <= sizeof(type), "")
#endif
#define STRUCT(type, lp64, ilp32_4, ilp32_8) _Static_assert(sizeof(type) == PICK(lp64, ilp32_4, ilp32_8), "size of " #type)
#define ALIGN(type, lp64, ilp32_4, ilp32_8) _Static_assert(_Alignof(type) == PICK(lp64, ilp32_4, ilp32_8), "alignment of " #type)
#define FIELD(type, field, lp64, ilp32_4, ilp32_8) \
  _Static_assert(offsetof(type, field) == PICK(lp64, ilp32_4, ilp32_8), "offset of " #type "." #field)
#define NUMBER(name, value) _Static_assert((name) == (value), #name " is not what it was")

#include "abi_v1.inc"
